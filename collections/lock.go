package collections

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// lock keeps a second process off a data folder. The kernel holds it with the
// open file, so it ends with the process however that ends; a file that is
// left behind means nothing.
type lock struct{ file *os.File }

// InUse is the refusal to open a folder that another process holds.
type InUse struct {
	Dir string
	PID int // 0 if the holder has not written it yet
}

// Error names the holder and says what to do.
func (e *InUse) Error() string {
	who := "another deskbell"
	if e.PID > 0 {
		who = fmt.Sprintf("another deskbell (process %d)", e.PID)
	}
	return fmt.Sprintf("the data folder %s is in use by %s: stop that one first, or choose another folder with --dir", e.Dir, who)
}

func takeLock(dir string) (*lock, error) {
	path := filepath.Join(dir, lockFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be written (%w): give it to the account that runs deskbell", dir, err)
	}
	for range 4 { // doctor holds it for an instant to see whether it is held
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err == nil {
		l := &lock{file: f}
		if err := l.sign(); err != nil {
			l.release()
			return nil, err
		}
		return l, nil
	}
	pid := readPID(f)
	_ = f.Close() // nothing was written through it
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, &InUse{Dir: dir, PID: pid}
	}
	return nil, fmt.Errorf("lock %s: %w; is the folder on a network file system? Put it on a local disk", path, err)
}

// sign writes the process id for the sentence that a second start shows.
func (l *lock) sign() error {
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("sign the lock file: %w", err)
	}
	if _, err := l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("sign the lock file: %w", err)
	}
	return nil
}

// release keeps the file: removing it would let two others lock two files of
// the same name.
func (l *lock) release() {
	_ = l.file.Truncate(0) // only the courtesy of a process id
	_ = l.file.Close()     // the kernel drops the lock in any case
}

// Holder tells whether a process holds the folder, and its id if it is known.
func (f *Folder) Holder() (pid int, held bool) {
	file, err := os.Open(filepath.Join(f.dir, lockFile))
	if err != nil {
		return 0, false
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err == nil {
		return 0, false
	}
	return readPID(file), true
}

func readPID(f *os.File) int {
	buf := make([]byte, 20)
	n, _ := f.ReadAt(buf, 0) // io.EOF is the normal end of a short file
	pid, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	if err != nil {
		return 0
	}
	return pid
}
