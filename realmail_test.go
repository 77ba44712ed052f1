package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// realServers are Postfix and Dovecot, started by the scripts beside the
// project.
type realServers struct {
	t   *testing.T
	dir string
	env map[string]string
}

// freeBase finds a base port whose ports for the servers are all free: servers
// of a test that was killed may still hold the last ones.
func freeBase(t *testing.T) int {
	t.Helper()
	for base := 23000; base < 32000; base += 1000 {
		free := true
		for _, offset := range []int{24, 25, 143, 465, 587, 993} {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", base+offset))
			if free = free && err == nil; err == nil {
				require.NoError(t, l.Close())
			}
		}
		if free {
			return base
		}
	}
	require.Fail(t, "no free ports for the mail servers")
	return 0
}

func startServers(t *testing.T) *realServers {
	t.Helper()
	script := filepath.Join(shared(t, "mailserver"), "start.sh")
	if os.Geteuid() != 0 {
		t.Skip("Postfix and Dovecot need root: run this test as root")
	}
	dir, err := os.MkdirTemp("/tmp", "ms-walk-") // short: the scripts limit its length, and everybody must be able to enter
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	s := &realServers{t: t, dir: filepath.Join(dir, "m"), env: map[string]string{}}
	t.Cleanup(func() {
		_ = exec.Command(filepath.Join(filepath.Dir(script), "stop.sh"), s.dir, "--wipe").Run() // leaves nothing behind
		_ = os.RemoveAll(dir)
	})
	cmd := exec.CommandContext(t.Context(), script, s.dir, fmt.Sprint(freeBase(t)))
	var diagnosis bytes.Buffer
	cmd.Stderr = &diagnosis
	out, err := cmd.Output()
	require.NoError(t, err, diagnosis.String())
	for _, line := range strings.Split(string(out), "\n") {
		for _, word := range strings.Fields(strings.TrimPrefix(line, "export ")) {
			if name, value, ok := strings.Cut(word, "="); ok {
				s.env[name] = strings.Trim(value, `"`)
			}
		}
	}
	return s
}

// mailbox is support@example.test with STARTTLS and passwords both ways.
func (s *realServers) mailbox() map[string]any {
	ca, err := os.ReadFile(s.env["TLS_CA"])
	require.NoError(s.t, err)
	return map[string]any{"name": "Support", "address": "support@example.test", "tls_ca": string(ca), "after_fetch": "move", "move_to": "Processed",
		"imap_host": "127.0.0.1", "imap_port": s.env["IMAP_PORT"], "imap_security": "starttls", "imap_username": s.env["IMAP_USER"], "imap_password": s.env["IMAP_PASS"],
		"smtp_host": "127.0.0.1", "smtp_port": s.env["SUBMISSION_PORT"], "smtp_security": "starttls", "smtp_username": s.env["SMTP_USER"], "smtp_password": s.env["SMTP_PASS"]}
}

func (s *realServers) send(from string, lines ...string) {
	s.t.Helper()
	body := "From: <" + from + ">\r\nTo: <support@example.test>\r\n" + strings.Join(lines, "\r\n") + "\r\n"
	c, err := smtp.Dial("127.0.0.1:" + s.env["SMTP_PORT"])
	require.NoError(s.t, err)
	require.NoError(s.t, c.SendMail(from, []string{"support@example.test"}, strings.NewReader(body)))
	require.NoError(s.t, c.Quit())
}

// inbox reads the mails of a user from Dovecot's folders.
func (s *realServers) inbox(user string) []string {
	var out []string
	for _, sub := range []string{"new", "cur"} {
		files, _ := filepath.Glob(filepath.Join(s.dir, "mail", user, sub, "*")) // the pattern is well formed
		for _, f := range files {
			if raw, err := os.ReadFile(f); err == nil {
				out = append(out, string(raw))
			}
		}
	}
	return out
}

func (s *realServers) await(user string, holds ...string) string {
	s.t.Helper()
	var found string
	require.Eventually(s.t, func() bool {
		for _, m := range s.inbox(user) {
			all := true
			for _, h := range holds {
				all = all && strings.Contains(m, h)
			}
			if all {
				found = m
				return true
			}
		}
		return false
	}, 20*time.Second, 50*time.Millisecond, "%s has no mail with %q", user, holds)
	return found
}

// The same walk with a real Postfix and a real Dovecot, and what only real
// servers do: a bounce, an absence note, and a machine that answers
// everything.
func TestMainJobWithPostfixAndDovecot(t *testing.T) {
	servers := startServers(t)
	agent := signIn(t, serve(t, setUp(t)))
	box := agent.create("mailboxes", servers.mailbox())
	answer := func(ticket any, text string) map[string]any {
		return agent.create("messages", map[string]any{"ticket": ticket, "visibility": "public", "text": text, "send_after": time.Now().UTC()})
	}

	// Mail in, answer out, answer back.
	sent := time.Now()
	servers.send("alice@example.test", "Subject: Printer on fire", "Message-ID: <fire@example.test>", "", "It really burns.")
	incident := agent.await("tickets", `subject = "Printer on fire"`)
	t.Logf("from Postfix's yes to the incident: %v", time.Since(sent).Round(10*time.Millisecond))
	servers.await("alice@example.test", "Auto-Submitted: auto-replied", incident["key"].(string))
	reply := answer(incident["id"], "Step back and close the door.")
	got := servers.await("alice@example.test", "In-Reply-To: <fire@example.test>", "Step back and close the door.")
	assert.Contains(t, got, "Message-ID: <"+reply["message_id"].(string)+">")
	servers.send("alice@example.test", "Subject: Re: Printer on fire", "Message-ID: <fire2@example.test>", "In-Reply-To: <"+reply["message_id"].(string)+">", "", "Done, thanks for asking. What now?")
	back := agent.await("messages", `message_id = "fire2@example.test"`)
	assert.Equal(t, incident["id"], back["ticket"])

	// A genuine bounce marks the message and leaves a note.
	lost := agent.create("tickets", map[string]any{"subject": "Nobody there"})
	agent.create("messages", map[string]any{"ticket": lost["id"], "visibility": "public", "text": "Hello?", "to": []string{"nobody@bounce.test"}, "send_after": time.Now().UTC()})
	bounced := agent.await("messages", fmt.Sprintf(`ticket = "%v" && delivery = "bounced"`, lost["id"]))
	assert.Contains(t, bounced["delivery_note"], "nobody@bounce.test")
	note := agent.await("messages", fmt.Sprintf(`ticket = "%v" && visibility = "internal" && inbound = true`, lost["id"]))
	assert.Contains(t, note["flags"], "bounce")

	// A genuine absence note is a note: no reply, no wake-up, no answer to it.
	away := agent.create("tickets", map[string]any{"subject": "Are you there?"})
	answer2 := agent.create("messages", map[string]any{"ticket": away["id"], "visibility": "public", "text": "Please call.", "to": []string{"vacation@example.test"}, "send_after": time.Now().UTC()})
	agent.awaitField("messages", answer2["id"], "delivery", "sent")
	absence := agent.await("messages", fmt.Sprintf(`ticket = "%v" && visibility = "internal" && inbound = true`, away["id"]))
	assert.Contains(t, absence["flags"], "automatic")
	assert.Contains(t, absence["text"], "away until Monday")

	// A machine without manners answers every mail that has a sender. It gets
	// an acknowledgement, which has none, and answers the agent's reply; the
	// desk does not answer that by itself.
	servers.send("bot@robot.test", "Subject: I am a robot", "Message-ID: <bot@robot.test>", "", "Beep.")
	robot := agent.await("tickets", `subject = "I am a robot"`)
	answer(robot["id"], "Are you a person?")
	agent.await("messages", fmt.Sprintf(`ticket = "%v" && text ~ "Thank you for your message"`, robot["id"]))
	require.Never(t, func() bool { return len(automatic(agent, robot["id"])) > 5 }, 3*time.Second, 200*time.Millisecond, "the loop goes on")
	assert.LessOrEqual(t, len(automatic(agent, robot["id"])), 5)
	assert.Len(t, agent.list("tickets", `subject ~ "robot"`), 1, "one ticket for the whole loop")

	// Every mail was moved once it was safe, and none was taken twice.
	require.Eventually(t, func() bool { return len(servers.inbox("support@example.test")) == 0 }, 10*time.Second, 50*time.Millisecond)
	ids := map[any]int{}
	for _, m := range agent.list("inbound_mails", `state != "duplicate"`) {
		ids[m["sha256"]]++
		assert.Equal(t, 1, ids[m["sha256"]], "taken twice: %v", m["subject"])
	}
	assert.Nil(t, agent.list("mailboxes", fmt.Sprintf(`id = "%v"`, box["id"]))[0]["last_error"])
}

// automatic lists what the desk and a robot wrote to each other by
// themselves.
func automatic(c *client, ticket any) []map[string]any {
	return append(c.list("outbound_mails", fmt.Sprintf(`ticket = "%v" && kind = "ack"`, ticket)),
		c.list("messages", fmt.Sprintf(`ticket = "%v" && inbound = true`, ticket))...)
}
