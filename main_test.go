package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asProgram makes the test binary behave as the executable.
const asProgram = "DESKBELL_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// program runs the executable to its end.
func program(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	cmd := command(t, args...)
	raw, err := cmd.CombinedOutput()
	if _, ok := err.(*exec.ExitError); err != nil && !ok {
		require.NoError(t, err)
	}
	return cmd.ProcessState.ExitCode(), string(raw)
}

func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = []string{asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	return cmd
}

// desk is a served desk in a process of its own.
type desk struct {
	cmd *exec.Cmd
	out *output
	url string
}

type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func serve(t *testing.T, dir string, more ...string) *desk {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	d := &desk{cmd: command(t, append([]string{"serve", "--dir", dir, "--http", address}, more...)...), out: &output{}, url: "http://" + address}
	d.cmd.Stdout, d.cmd.Stderr = d.out, d.out
	require.NoError(t, d.cmd.Start())
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill() // ended already in most tests
		_ = d.cmd.Wait()
	})
	require.Eventually(t, func() bool {
		res, err := http.Get(d.url + "/api/desk/ready")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, 20*time.Second, 10*time.Millisecond, "never ready: %s", d.out)
	return d
}

func (d *desk) post(t *testing.T, path string, body any) (int, string) {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	res, err := http.Post(d.url+path, "application/json", bytes.NewReader(raw))
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

// end sends a signal and returns how long the desk took, and its exit code.
func (d *desk) end(t *testing.T, s os.Signal) (time.Duration, int) {
	t.Helper()
	start := time.Now()
	require.NoError(t, d.cmd.Process.Signal(s))
	_ = d.cmd.Wait() // the code says it
	return time.Since(start), d.cmd.ProcessState.ExitCode()
}

func TestWhatIsNotUnderstoodIsSaidAndFails(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"serv"}, `no command "serv" (did you mean serve?)`},
		{[]string{"migrate", "up"}, `no command "migrate"`},
		{[]string{"serve", "--htpp", "x"}, "unknown flag: --htpp"},
		{[]string{"serve", "desk.example.com"}, `takes no argument "desk.example.com"`},
		{[]string{"serve", "--disk-floor", "much"}, "is no size"},
		{[]string{"superuser", "upsrt"}, `no command "upsrt"`},
		{[]string{"setup"}, "setup needs --admin-email"},
		{[]string{"version", "now"}, `takes no argument "now"`},
	} {
		code, out := program(t, tt.args...)
		assert.Equal(t, 2, code, tt.args)
		assert.Contains(t, out, tt.want)
		assert.Equal(t, 1, strings.Count(out, "\n"), "one sentence: %s", out)
	}
}

func TestVersionAndHelpSucceedWithoutAFolder(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--help"}, {"serve", "--help"}, {"help", "setup"}, {}} {
		code, out := program(t, args...)
		assert.Zero(t, code, args)
		assert.Contains(t, out, "deskbell", args)
	}
}

func TestFirstRunInTheBrowser(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	d := serve(t, dir)
	assert.NotContains(t, d.out.String(), "pbinstall")
	code := regexp.MustCompile(`[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}`).FindString(d.out.String())
	require.NotEmpty(t, code, d.out)

	body := map[string]string{"code": "AAAA-AAAA-AAAA", "name": "Ada", "email": "ada@example.com", "password": "correct horse", "organization": "Acme", "url": d.url}
	status, text := d.post(t, "/api/desk/setup", body)
	assert.Equal(t, 403, status, text)
	body["password"] = "short"
	status, text = d.post(t, "/api/desk/setup", body)
	assert.Equal(t, 400, status, text)
	assert.Contains(t, text, `"password":{"code":"setup_password_short"`)
	body["code"], body["password"] = code, "correct horse"
	status, text = d.post(t, "/api/desk/setup", body)
	require.Equal(t, 204, status, text)
	status, _ = d.post(t, "/api/desk/setup", body)
	assert.Equal(t, 404, status, "a code works once")
	for _, collection := range []string{"agents", "_superusers"} {
		status, text = d.post(t, "/api/collections/"+collection+"/auth-with-password", map[string]string{"identity": "ada@example.com", "password": "correct horse"})
		assert.Equal(t, 200, status, text)
	}
	d.signOut(t, text)
	logs, err := filepath.Glob(filepath.Join(dir, "auxiliary.db*"))
	require.NoError(t, err)
	_, exit := d.end(t, syscall.SIGTERM)
	assert.Zero(t, exit)
	for _, file := range logs {
		raw, err := os.ReadFile(file)
		if err == nil {
			assert.NotContains(t, string(raw), strings.ReplaceAll(code, "-", ""), "the code is in no log")
		}
	}
	code2, out := program(t, "doctor", "--dir", dir)
	assert.Zero(t, code2, out)
	assert.Contains(t, out, "every page is sound")
}

// signOut takes the answer to a sign-in and ends its session.
func (d *desk) signOut(t *testing.T, signedIn string) {
	t.Helper()
	var answer struct{ Token string }
	require.NoError(t, json.Unmarshal([]byte(signedIn), &answer))
	ask := func(method, path string) int {
		req, err := http.NewRequestWithContext(t.Context(), method, d.url+path, nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", answer.Token)
		res, err := http.DefaultTransport.RoundTrip(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	assert.Equal(t, 200, ask("GET", "/api/collections/agents/records"))
	assert.Equal(t, 204, ask("POST", "/api/desk/signout"))
	assert.Equal(t, 401, ask("GET", "/api/collections/agents/records"))
	assert.Equal(t, 401, ask("POST", "/api/desk/signout"))
}

func TestUnknownRoutesOfTheInterfaceAreNeverPages(t *testing.T) {
	d := serve(t, filepath.Join(t.TempDir(), "data"))
	for path, want := range map[string]int{"/api/nothing": 404, "/api": 404, "/api/desk/nothing": 404, "/assets/gone.js": 404, "/tickets/INC-1": 200, "/": 200} {
		res, err := http.Get(d.url + path)
		require.NoError(t, err)
		assert.Equal(t, want, res.StatusCode, path)
		if strings.HasPrefix(path, "/api") {
			assert.Contains(t, res.Header.Get("Content-Type"), "application/json", path)
		}
		require.NoError(t, res.Body.Close())
	}
}

func TestASecondInstanceRefusesAndAKillIsNoObstacle(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	d := serve(t, dir)
	code, out := program(t, "serve", "--dir", dir, "--http", "127.0.0.1:0")
	assert.Equal(t, 1, code)
	assert.Contains(t, out, dir)
	assert.Contains(t, out, "process "+strconv.Itoa(d.cmd.Process.Pid))
	code, out = program(t, "setup", "--dir", dir, "--admin-email", "ada@example.com", "--admin-password", "correct horse")
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "/setup")
	d.end(t, syscall.SIGKILL)
	again := serve(t, dir)
	_, exit := again.end(t, syscall.SIGTERM)
	assert.Zero(t, exit)
}

func TestSetupWithoutABrowser(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	secret := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(secret, []byte("correct horse\n"), 0o600))
	args := []string{"setup", "--dir", dir, "--admin-email", "ada@example.com", "--admin-password-file", secret, "--org", "Acme", "--url", "https://desk.example.com"}
	code, out := program(t, args...)
	require.Zero(t, code, out)
	code, out = program(t, args...)
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "administrator already")
	code, out = program(t, "superuser", "upsert", "root@example.com", "another horse", "--dir", dir)
	assert.Zero(t, code, out)
	code, out = program(t, "superuser", "upsert", "root@example.com", "--dir", dir)
	assert.Equal(t, 1, code, out)
	d := serve(t, dir)
	assert.NotContains(t, d.out.String(), "no administrator")
}

func TestAnAddressInUseIsSaidAndLeavesNoFolder(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	dir := filepath.Join(t.TempDir(), "data")
	code, out := program(t, "serve", "--dir", dir, "--http", l.Addr().String())
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "taken by another program")
	assert.NoDirExists(t, dir)
}

func TestTheLocksOfTheDatabaseStand(t *testing.T) {
	if _, err := os.Stat("/proc/locks"); err != nil {
		t.Skip("no /proc/locks on this system")
	}
	dir := filepath.Join(t.TempDir(), "data")
	code, out := program(t, "setup", "--dir", dir, "--admin-email", "ada@example.com", "--admin-password", "correct horse")
	require.Zero(t, code, out)
	d := serve(t, dir)
	before := locks(t, d.cmd.Process.Pid)
	require.NotEmpty(t, before)
	for range 3 {
		res, err := http.Get(d.url + "/api/desk/ready")
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		code, out = program(t, "doctor", "--dir", dir, "--http", strings.TrimPrefix(d.url, "http://"))
		require.Zero(t, code, out)
	}
	assert.Equal(t, before, locks(t, d.cmd.Process.Pid))
}

// locks lists what a process locks, without the running number.
func locks(t *testing.T, pid int) []string {
	t.Helper()
	raw, err := os.ReadFile("/proc/locks")
	require.NoError(t, err)
	var mine []string
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		if len(fields) > 5 && fields[4] == strconv.Itoa(pid) {
			mine = append(mine, strings.Join(fields[1:], " "))
		}
	}
	slices.Sort(mine)
	return slices.Compact(mine)
}

func TestStopUnderLoadIsQuickAndClean(t *testing.T) {
	d := serve(t, filepath.Join(t.TempDir(), "data"))
	stop := make(chan struct{})
	var busy sync.WaitGroup
	var answers atomic.Int64
	for range 8 {
		busy.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if res, err := http.Get(d.url + "/api/desk/ready"); err == nil {
					_, _ = io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
					answers.Add(1)
				}
			}
		})
	}
	res, err := http.Get(d.url + "/api/realtime") // would never end by itself
	require.NoError(t, err)
	defer res.Body.Close()
	require.Eventually(t, func() bool { return answers.Load() > 100 }, 20*time.Second, time.Millisecond)
	took, exit := d.end(t, syscall.SIGTERM)
	close(stop)
	busy.Wait()
	assert.Zero(t, exit, d.out)
	assert.Less(t, took, 10*time.Second)
	assert.NotContains(t, d.out.String(), "panic")
}
