package mail

// ThreadStore is what [Thread] needs to know of the mails so far. Threads are
// named by the caller's own ids; "" is none. Ids of messages come without < >.
type ThreadStore interface {
	// FindByMessageID lists the threads on which a mail with this id was
	// received or sent, or to whose sent mail a provider gave this id.
	FindByMessageID(id string) ([]KnownID, error)
	// FindByNumber returns the thread that bears a number; for one that was
	// joined to another, that other.
	FindByNumber(number int64) (thread string, err error)
	// FindByAncestor lists the threads that hold a received mail which refers
	// to id in In-Reply-To or References.
	FindByAncestor(id string) (threads []string, err error)
	// IsParticipant says whether a folded address takes part in a thread.
	IsParticipant(thread, foldedAddr string) (bool, error)
	// Recipients lists the folded addresses for which reply tokens of a
	// thread were made.
	Recipients(thread string) ([]string, error)
}

// KnownID is one place where a Message-ID is known.
type KnownID struct {
	Thread string
	Ours   bool // we sent it
}

// Arrival is what is known of a mail beside its own text.
type Arrival struct {
	Keys       *Keyring
	Recipients []string // envelope recipients, if known
	Auth       AuthResult

	// Label names a thread as people write it, such as INC-42; nil if people
	// do not. A participant may name it without a key.
	Label func(thread string) (string, error)
}

// How says by what a mail was given its thread. It is stored and shown.
type How string

// The ways, in the order in which they are tried.
const (
	HowNew        How = "new"              // nothing matched
	HowReferences How = "references"       // a known id in References
	HowInReplyTo  How = "in_reply_to"      // a known id in In-Reply-To
	HowKeyedID    How = "keyed_message_id" // an id of ours by its key, its row is unknown
	HowAnchor     How = "anchor"           // the thread's anchor id
	HowToken      How = "token"            // a reply token in a recipient address
	HowAncestor   How = "ancestor"         // an unknown id that a mail of the thread refers to as well
	HowSubjectTag How = "subject_tag"      // the key in the subject, from a participant
)

// Sender says who a mail on a known thread comes from.
type Sender string

// A mail of a stranger is for agents only, changes nothing and sends nothing
// until an agent publishes it (SECURITY-REQUIREMENTS C1, C6).
const (
	Participant Sender = "participant"
	Stranger    Sender = "stranger"
)

// The hints, for agents only.
const (
	HintStrangerTag     = "stranger_quoted_tag"   // a valid key in the subject, but not from a participant
	HintUnauthenticated = "unauthenticated_token" // a valid token or key in a mail that failed authentication
	HintWrongKey        = "tag_with_wrong_key"    // a participant names the thread with a key that is not its own
)

// Decision says where a mail belongs and why.
type Decision struct {
	Thread     string // "" for a new one
	How        How
	Sender     Sender // "" for a new thread
	Unverified bool   // authentication failed, or From is not one mailbox
	Loop       bool   // a mail of ours has come back; keep the raw mail, nothing else
	Hint       string // "" or one of the hints
	HintThread string // the thread that the hint is about
	Trials     []Trial
}

// Trial is one thing that was looked at, for the screen that explains.
type Trial struct {
	Field   string `json:"field"`   // "references", "in_reply_to", "message_id", "address", "subject"
	Value   string `json:"value"`   // without its key
	Outcome string `json:"outcome"` // "known", "keyed", "anchor", "token", "ancestor", "tag", "bad_key", "no_thread", "unknown", "unauthenticated", "stranger"
}
