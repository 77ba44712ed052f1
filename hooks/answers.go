package hooks

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/deskbell/deskbell/collections"
)

// answers is a small file that remembers, from the moment on which the answer
// to a mail is read, that the server took it. The row in the database waits
// for its turn to be written; a kill meanwhile would send the mail again.
type answers struct {
	path string

	mu   sync.Mutex
	file *os.File
}

// answer is one line of the file. Row and attempt together name one try.
type answer struct {
	Row      string   `json:"row"`
	Attempt  int      `json:"attempt"`
	Delivery Delivery `json:"delivery"`
}

// note writes an answer down and syncs it.
func (a *answers) note(row collections.Outbound, d Delivery) error {
	line, err := json.Marshal(answer{row.Id, row.Attempts(), d})
	if err != nil {
		return fmt.Errorf("note an answer: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file == nil {
		if a.file, err = os.OpenFile(a.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
			return fmt.Errorf("note an answer: %w", err)
		}
	}
	if _, err := a.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("note an answer: %w", err)
	}
	return a.file.Sync()
}

// forget empties the file once all rows are marked. It need not be synced: an
// answer to a try that is over is never asked for.
func (a *answers) forget() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file == nil {
		return nil
	}
	err := errors.Join(a.file.Truncate(0), a.file.Close())
	a.file = nil
	return err
}

// find lists the answers that a process before this one wrote down.
func (a *answers) find() ([]answer, error) {
	raw, err := os.ReadFile(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []answer
	for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
		var one answer
		if json.Unmarshal(lines.Bytes(), &one) == nil { // a torn line was never synced
			all = append(all, one)
		}
	}
	return all, err
}
