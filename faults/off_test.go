//go:build !faults

package faults_test

import (
	"testing"

	"github.com/deskbell/deskbell/faults"
	"github.com/stretchr/testify/assert"
)

func TestAtDoesNothingInTheOrdinaryBuild(t *testing.T) {
	t.Setenv("DESKBELL_FAULT", "F10:error")
	assert.False(t, faults.Built)
	for _, p := range faults.Points() {
		assert.NoError(t, faults.At(p))
	}
}
