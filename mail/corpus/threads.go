package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/deskbell/deskbell/mail"
)

// The people and names with which thread templates are filled in.
const (
	support   = "support@desk.example"
	requester = "requester@client.example"
	stranger  = "stranger@elsewhere.example"
	ourThread = "ours"
)

// stage is a desk in memory with one thread that a template may answer, and
// another that it must not touch.
type stage struct {
	keys      *mail.Keyring
	fill      *strings.Replacer
	ids       map[string][]mail.KnownID
	ancestors map[string][]string
	delivered map[string]bool // id and content of what was delivered
}

func newStage() (*stage, error) {
	keys, err := mail.NewKeyring(mail.Key{Version: 1, Secret: bytes.Repeat([]byte("corpus. "), 4)})
	if err != nil {
		return nil, err
	}
	id := keys.MessageID(42, "message", "random", "desk.example")
	return &stage{
		keys: keys,
		fill: strings.NewReplacer("{{OUR_MSGID}}", "<"+id+">", "{{SUPPORT}}", support, "{{REQUESTER}}", requester,
			"{{STRANGER}}", stranger, "{{TAG}}", keys.Tag("INC-42", 42), "{{OTHER_TAG}}", keys.Tag("INC-7", 7)),
		ids:       map[string][]mail.KnownID{id: {{Thread: ourThread, Ours: true}}},
		ancestors: map[string][]string{},
		delivered: map[string]bool{},
	}, nil
}

func (s *stage) FindByMessageID(id string) ([]mail.KnownID, error) { return s.ids[id], nil }
func (s *stage) FindByAncestor(id string) ([]string, error)        { return s.ancestors[id], nil }
func (s *stage) FindByNumber(n int64) (string, error) {
	return map[int64]string{42: ourThread, 7: "another"}[n], nil
}
func (s *stage) IsParticipant(thread, addr string) (bool, error) {
	return thread == ourThread && addr == requester, nil
}
func (s *stage) Recipients(string) ([]string, error) { return []string{requester}, nil }

// deliver reads a template, decides, and keeps the mail as a desk would.
// twice says that the same mail was there before.
func (s *stage) deliver(file string) (m *mail.Message, d mail.Decision, twice bool, err error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, d, false, err
	}
	raw = []byte(fillWords(s.fill.Replace(string(raw)), s.fill))
	digest := mail.NewDigest()
	_, _ = digest.Write(raw) // never fails
	stored := digest.Sum()
	twice = s.delivered[stored.MessageID+" "+stored.ContentSHA256]
	s.delivered[stored.MessageID+" "+stored.ContentSHA256] = true
	m, err = mail.Parse(bytes.NewReader(raw), int64(len(raw)), mail.Limits{})
	if err != nil {
		return nil, d, false, err
	}
	d, err = mail.Thread(m, s, mail.Arrival{Keys: s.keys, Auth: mail.Authenticate(m, nil)})
	if err != nil || twice || d.Thread == "" {
		return m, d, twice, err
	}
	s.ids[m.MessageID] = append(s.ids[m.MessageID], mail.KnownID{Thread: d.Thread})
	for _, id := range append(m.References, m.InReplyTo...) {
		s.ancestors[id] = append(s.ancestors[id], d.Thread)
	}
	return m, d, twice, nil
}

var encodedWord = regexp.MustCompile(`(?i)=\?utf-8\?b\?([A-Za-z0-9+/=]+)\?=`)

// fillWords fills in what stands inside of encoded words.
func fillWords(raw string, fill *strings.Replacer) string {
	return encodedWord.ReplaceAllStringFunc(raw, func(word string) string {
		text, err := base64.StdEncoding.DecodeString(encodedWord.FindStringSubmatch(word)[1])
		if err != nil {
			return word
		}
		return "=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(fill.Replace(string(text)))) + "?="
	})
}

// scoreThreads counts the templates of which every expectation is met.
func scoreThreads(dir string, items []item, s *score) error {
	files := map[string]string{} // name without its endings → file
	for _, i := range items {
		name, _, _ := strings.Cut(path.Base(i.File), ".")
		files[name] = filepath.Join(dir, i.File)
	}
	for _, i := range items {
		if i.Kind != kindThread {
			continue
		}
		wrong, err := tryTemplate(filepath.Join(dir, i.File), i, files)
		if err != nil {
			return fmt.Errorf("%s: %w", i.File, err)
		}
		s.add(kindThread, wrong == "")
		if wrong != "" {
			fmt.Fprintf(os.Stderr, "%s: %s\n", i.File, wrong)
		}
	}
	return nil
}

// tryTemplate delivers one template, after the one that must come first, and
// says what is wrong with the outcome, "" if nothing is.
func tryTemplate(file string, i item, files map[string]string) (wrong string, err error) {
	s, err := newStage()
	if err != nil {
		return "", err
	}
	var before string
	if i.want("after", &before) {
		name, _, _ := strings.Cut(before, ".")
		if files[name] == "" {
			return "", fmt.Errorf("template %s is not in the manifest", before)
		}
		if _, _, _, err := s.deliver(files[name]); err != nil {
			return "", err
		}
	}
	m, d, twice, err := s.deliver(file)
	if err != nil {
		return "", err
	}
	if wrong := judgeThread(i, d, twice); wrong != "" {
		return wrong, nil
	}
	var silent, second = false, ""
	if i.want("must_not_autorespond", &silent) && silent {
		c := mail.Classify(m)
		if ok, _ := mail.MayAcknowledge(m, mail.AckFacts{NewThread: d.Thread == "", Loop: d.Loop, Own: []string{support},
			Automatic: pickReason(c)}); ok {
			return "would be answered", nil
		}
	}
	if i.want("second_delivery", &second) {
		if _, _, twice, err = s.deliver(file); err != nil || !twice {
			return "a second delivery is not noticed", err
		}
	}
	return "", nil
}

func pickReason(c mail.Class) string {
	if c.MustNotAnswer {
		return "automatic"
	}
	return ""
}

func judgeThread(i item, d mail.Decision, twice bool) string {
	var want string
	if !i.want("thread", &want) {
		return ""
	}
	got := "same-ticket"
	switch {
	case twice:
		got = "ignore-duplicate"
	case d.Loop:
		got = "ignore-loop"
	case d.Thread == "":
		got = "new-ticket"
	case d.Thread != ourThread:
		got = "other-ticket"
	}
	if want == got || want == "keep" && got == "same-ticket" || strings.HasPrefix(want, "new") && got == "new-ticket" {
		return ""
	}
	return "expected " + want + ", got " + got + " by " + string(d.How)
}
