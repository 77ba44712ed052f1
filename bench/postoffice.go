package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// postOffice is Postfix and Dovecot, started by ../shared/mailserver.
type postOffice struct {
	scripts, dir string
	env          map[string]string
}

// mailPorts is where the ports of the mail servers begin, below those that the
// kernel gives away (chosen).
const mailPorts = "29500"

func openPostOffice(ctx context.Context) (*postOffice, error) {
	scripts, err := findShared("mailserver")
	if err != nil {
		return nil, err
	}
	if os.Geteuid() != 0 {
		return nil, errors.New("Postfix and Dovecot need root")
	}
	dir, err := os.MkdirTemp("/tmp", "ms-bench-") // short, and open: the scripts want both
	if err != nil {
		return nil, err
	}
	p := &postOffice{scripts: scripts, dir: dir, env: map[string]string{}}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, errors.Join(err, p.close())
	}
	cmd := exec.CommandContext(ctx, filepath.Join(scripts, "start.sh"), filepath.Join(dir, "m"), mailPorts)
	var diagnosis bytes.Buffer
	cmd.Stderr = &diagnosis
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the mail servers: %w: %s", err, diagnosis.Bytes()), p.close())
	}
	for line := range strings.Lines(string(out)) {
		for _, word := range strings.Fields(strings.TrimPrefix(line, "export ")) {
			if name, value, ok := strings.Cut(word, "="); ok {
				p.env[name] = strings.Trim(value, `"`)
			}
		}
	}
	return p, nil
}

func (p *postOffice) close() error {
	err := exec.Command(filepath.Join(p.scripts, "stop.sh"), filepath.Join(p.dir, "m"), "--wipe").Run()
	return errors.Join(err, os.RemoveAll(p.dir))
}

// mailbox is the record that makes a desk fetch from here and send to a sink.
func (p *postOffice) mailbox(sink int) map[string]any {
	return map[string]any{"name": "Support", "address": supportAddress, "after_fetch": "move", "move_to": "Processed",
		"imap_host": "127.0.0.1", "imap_port": p.env["IMAP_PORT"], "imap_security": "none", "imap_username": p.env["IMAP_USER"], "imap_password": p.env["IMAP_PASS"],
		"smtp_host": "127.0.0.1", "smtp_port": sink, "smtp_security": "none"}
}

// findShared finds a folder of the shared material beside the project.
func findShared(name string) (string, error) {
	if dir := os.Getenv("DESKBELL_SHARED"); dir != "" {
		return filepath.Join(dir, name), nil
	}
	for at, err := os.Getwd(); err == nil && at != "/"; at = filepath.Dir(at) {
		path := filepath.Join(at, "shared", name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("the shared folder with %s is missing: put it beside the project or name it in DESKBELL_SHARED", name)
}
