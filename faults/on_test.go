//go:build faults

package faults_test

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/deskbell/deskbell/faults"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPlanHitsTheNamedPass(t *testing.T) {
	plan, err := faults.ParsePlan("F10:error:2, F11:panic,F12:error")
	require.NoError(t, err)
	assert.NoError(t, plan.At(faults.F10))
	assert.ErrorIs(t, plan.At(faults.F10), faults.ErrInjected)
	assert.NoError(t, plan.At(faults.F10))
	assert.Panics(t, func() { _ = plan.At(faults.F11) }) // the panic is the answer
	assert.Error(t, plan.At(faults.F12))
	assert.Error(t, plan.At(faults.F12))
	assert.NoError(t, plan.At(faults.F13))
}

func TestPlanDelays(t *testing.T) {
	plan, err := faults.ParsePlan("F01:delay:1")
	require.NoError(t, err)
	start := time.Now()
	assert.NoError(t, plan.At(faults.F01))
	assert.GreaterOrEqual(t, time.Since(start), 2*time.Second)
}

func TestParsePlanRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, text := range []string{"F10", "F99:exit", "F10:explode", "F10:exit:0", "F10:exit:1:2"} {
		_, err := faults.ParsePlan(text)
		assert.Error(t, err, text)
	}
}

// TestExitIsAKill runs this test again in a child that dies at the point.
func TestExitIsAKill(t *testing.T) {
	if os.Getenv("DESKBELL_FAULT") != "" {
		_ = faults.At(faults.F10) // never returns
		t.Fatal("survived")
	}
	child := exec.Command(os.Args[0], "-test.run=TestExitIsAKill")
	child.Env = append(os.Environ(), "DESKBELL_FAULT=F10:exit")
	var exit *exec.ExitError
	require.ErrorAs(t, child.Run(), &exit)
	status := exit.Sys().(syscall.WaitStatus)
	assert.Equal(t, syscall.SIGKILL, status.Signal())
}
