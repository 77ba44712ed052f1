// Package cli holds the commands of the executable: what a person types, what
// is printed, and the exit code.
package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/deskbell/deskbell/collections"
)

// Options is everything that must be known before the database opens. Each
// value comes from a flag, else from the environment, else from its default.
type Options struct {
	Dir        string // data folder
	KeyFile    string // "" for <Dir>.key
	Key        string // DESKBELL_KEY; no flag, other accounts see those
	HTTP       string // address of the web server
	SMTPListen string // address of the SMTP listener, "" for none
	LMTPListen string // address of the LMTP listener, "" for none
	DiskFloor  uint64 // bytes that must stay free
}

// DefaultDiskFloor is the free space below which intake pauses (chosen: ten
// mails of the largest size, and the log of the database).
const DefaultDiskFloor = 512 << 20

// A setting is one row of the table that flags, environment and doctor share.
type setting struct {
	flag, env, value, help string
}

const (
	flagDir       = "dir"
	flagKeyFile   = "key-file"
	flagHTTP      = "http"
	flagSMTP      = "smtp-listen"
	flagLMTP      = "lmtp-listen"
	flagDiskFloor = "disk-floor"
)

func commonSettings() []setting {
	return []setting{
		{flagDir, "DESKBELL_DIR", "./data", "data folder"},
		{flagKeyFile, "DESKBELL_KEY_FILE", "", "file with the key that seals secrets (default: <data folder>.key beside the folder)"},
	}
}

func serveSettings() []setting {
	return []setting{
		{flagHTTP, "DESKBELL_HTTP", "127.0.0.1:8090", "address of the web server"},
		{flagSMTP, "DESKBELL_SMTP_LISTEN", "", "address on which mail is taken by SMTP, for example 127.0.0.1:2525 (default: off)"},
		{flagLMTP, "DESKBELL_LMTP_LISTEN", "", "address on which mail is taken by LMTP, for example 127.0.0.1:2424 (default: off)"},
		{flagDiskFloor, "DESKBELL_DISK_FLOOR", "512MiB", "free disk space below which no mail is taken"},
	}
}

func addFlags(set *pflag.FlagSet, settings []setting) {
	for _, s := range settings {
		set.String(s.flag, s.value, s.help+" ["+s.env+"]")
	}
}

// source says where the value of a setting comes from.
func (s setting) read(set *pflag.FlagSet) (value, source string) {
	if f := set.Lookup(s.flag); f != nil && f.Changed {
		return f.Value.String(), "flag --" + s.flag
	}
	if v, ok := os.LookupEnv(s.env); ok && v != "" {
		return v, "environment " + s.env
	}
	return s.value, "default"
}

// readOptions collects the options of a command. Settings for which the
// command has no flag still count from the environment, so that doctor sees
// what serve would use.
func readOptions(set *pflag.FlagSet) (Options, error) {
	values := map[string]string{}
	for _, s := range append(commonSettings(), serveSettings()...) {
		values[s.flag], _ = s.read(set)
	}
	floor, err := parseSize(values[flagDiskFloor])
	if err != nil {
		return Options{}, fmt.Errorf("--%s: %w", flagDiskFloor, err)
	}
	return Options{
		Dir:        values[flagDir],
		KeyFile:    values[flagKeyFile],
		Key:        os.Getenv("DESKBELL_KEY"),
		HTTP:       values[flagHTTP],
		SMTPListen: values[flagSMTP],
		LMTPListen: values[flagLMTP],
		DiskFloor:  floor,
	}, nil
}

func (o Options) folder() collections.FolderConfig {
	return collections.FolderConfig{Dir: o.Dir, Key: o.Key, KeyFile: o.KeyFile}
}

// parseSize reads a number of bytes: 1024, 200KiB, 512MiB, 2GiB.
func parseSize(text string) (uint64, error) {
	number, unit := strings.TrimSpace(text), uint64(1)
	for suffix, size := range map[string]uint64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if rest, ok := strings.CutSuffix(number, suffix); ok {
			number, unit = strings.TrimSpace(rest), size
		}
	}
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no size: write it like 512MiB", text)
	}
	return n * unit, nil
}
