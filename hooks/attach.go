package hooks

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/pocketbase/pocketbase/tools/filesystem"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
)

// inMemory is the largest attachment that is handed over in memory; larger
// ones pass through a temporary file. Chosen: most are smaller.
const inMemory = 1 << 20

// attach gives the attachments of the mail to the message.
func (a *arrival) attach(m collections.Message) error {
	var files []*filesystem.File
	var infos []collections.FileInfo
	for _, att := range a.mail.Attachments {
		if att.Size == 0 {
			continue // nothing to keep, and PocketBase keeps no empty file; the raw mail shows that it was there
		}
		f, err := a.file(att)
		if err != nil {
			return fmt.Errorf("attachment %q: %w", att.Name, err)
		}
		files = append(files, f)
		infos = append(infos, collections.FileInfo{File: f.Name, Name: att.Name, Type: att.Type, Size: att.Size, CID: att.ContentID, Inline: att.Inline})
	}
	if len(files) > 0 {
		m.Set("attachments", files)
		m.Set("attachment_info", infos)
	}
	return nil
}

func (a *arrival) file(att mail.Attachment) (*filesystem.File, error) {
	name := att.Name
	if name == "" {
		name = "attachment"
	}
	r, err := att.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close() // read only
	if att.Size <= inMemory {
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		return filesystem.NewFileFromBytes(bytes.Clone(data), name)
	}
	path, err := a.spool(r)
	if err != nil {
		return nil, err
	}
	f, err := filesystem.NewFileFromPath(path)
	if err != nil {
		return nil, err
	}
	named, err := filesystem.NewFileFromBytes([]byte("x"), name) // for the name that PocketBase gives it
	if err != nil {
		return nil, err
	}
	f.Name, f.OriginalName = named.Name, name
	return f, nil
}

func (a *arrival) spool(r io.Reader) (path string, err error) {
	f, err := a.temp()
	if err != nil {
		return "", err
	}
	a.spooled = append(a.spooled, f.Name())
	_, err = io.Copy(f, r)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return f.Name(), err
}

// discard removes the temporary files.
func (a *arrival) discard() {
	if a.raw != nil {
		_ = a.raw.Close() // read only
	}
	for _, path := range a.spooled {
		_ = os.Remove(path) // the next start sweeps it otherwise
	}
}
