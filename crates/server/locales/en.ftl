# The console's words in English. ja.ftl has the same keys with the same variables.

brand = Sekimori
skip-to-content = Skip to content
navigation = Parts of the console
language = Language
log-out = Log out
as-of = As of
never = never
pages = Pages
pages-cases = Pages of cases
page-first = First page
page-next = Next page
page-newest = Newest
page-older = Older

live-connecting = connecting…
live-on = live
live-off = not live: the server does not answer
live-paused = paused
live-pause = Pause
live-resume = Resume

ledger-one-administrator = Ledger: one administrator
ledger-cosigned = Ledger: { $size } entries, cosigned by { $witnesses }

ago-now = just now
ago-seconds = { $count } s ago
ago-minutes = { $count } min ago
ago-hours = { $count } h ago
ago-days = { $count-shown } days ago
ago-in-seconds = in { $count } s
ago-in-minutes = in { $count } min
ago-in-hours = in { $count } h
ago-in-days = in { $count-shown } days
took-millis = { $count } ms
took-seconds = { $seconds } s
took-minutes = { $count } min
took-hours = { $count } h

## Devices

devices-title = Devices
devices-matched =
    { $count ->
        [one] 1 device
       *[other] { $count-shown } devices
    }
devices-none = No device has joined yet
devices-none-says = Invite the first one; the command prints the one line to run on the device.
devices-no-match = No device matches
invited-title = Invited, not here yet
invited-says = Each of these can join once with its one-time code.
invited-until = until

tile-devices = Devices
tile-connected = Connected
tile-contained = Contained
tile-open-cases =
    { $count ->
        [one] 1 open case
       *[other] { $count-shown } open cases
    }
tile-refusals = Refusals
tile-refusals-note = in the last hour
tile-ledger = Ledger entries
tile-one-administrator = one administrator
tile-ledger-cosigned = cosigned by { $name }
tile-ledger-waiting =
    { $count ->
        [one] 1 entry waits for cosignatures
       *[other] { $count-shown } entries wait for cosignatures
    }

advice-one-administrator = One key alone answers for this ledger, so it cannot show others that nothing was rewritten. Let a second organization cosign:
advice-no-policy = No policy is in force, so every message of a device is refused. Next:

filter-devices = Filter devices
filter-events = Filter events
filter-words = Name or number
filter-role = Role
filter-state = State
filter-severity = At least
filter-any = any
filter-apply = Filter
filter-clear = Show all

column-number = Number
column-name = Name
column-role = Role
column-state = State
column-release = Release
column-last-seen = Last seen (UTC)
column-last-update = Last update
column-time = Time (UTC)
column-severity = Severity
column-event = What happened
column-device = Device
column-reason = Why
column-count = Count

state-active = Active
state-connected = Connected
state-away = Not connected
state-contained = Contained
state-suspended = Suspended
state-revoked = Revoked
state-retired = Retired
state-update-confirmed = Confirmed
state-update-rolled-back = Rolled back
state-update-refused = Refused
state-case-open = Open
state-case-healed = Healed
state-case-revoked = Revoked
state-case-quiet = Over

## One device

back-to-devices = All devices
back-to-device = Back to { $name }
contained-title = Contained.
contained-says = Only its state report and its repair are open to it.
contained-why = Why:
contained-since = since

identity-title = Identity
identity-id = Id
identity-key = Public key
identity-enrolled = Registered
identity-certificate = Certificate (UTC)
identity-expired = Expired
identity-no-certificate = none
proof-title = Ledger proof
proof-published = Recorded, and under a checkpoint of { $size-shown } entries cosigned by { $witnesses }.
proof-one-administrator = Recorded, and under a checkpoint of { $size-shown } entries that one administrator signed.
proof-waiting = Recorded, and waiting for cosignatures.
proof-nothing-recorded = Nothing is recorded about this device.
proof-verified = The device verified its proof offline.
proof-not-verified = The device has not verified its proof.
proof-not-reported = The device has not said whether it verified its proof.
proof-caveat = Recorded means that it was written down, not that it still holds; what holds is the state above.
entries-title = Ledger entries
entry-organization-joined = Organization joined
entry-organization-left = Organization left
entry-root = Release root set
entry-issuer = Issuer set
entry-device-registered = Registered
entry-certificate-issued = Certificate issued
entry-key-rotated = Key rotated
entry-suspended = Suspended
entry-restored = Resumed
entry-revoked = Revoked
entry-device-retired = Retired
entry-firmware-approved = Firmware approved
entry-policy-applied = Policy applied
entry-event-head = Event chain anchored

connection-title = Connections
connection-none = Not connected.
connection-last = Last heard
connection-since = since

software-title = Software and state report
software-release = Release
software-trial = On trial
software-slot = Slot
software-no-slot = no release installed yet
software-counter = security counter
software-boot = start no.
software-no-update = none yet
software-integrity = Files
software-held = All as released
software-not-held = Not as released
software-restored = Restored in
software-self-test = Self-test
software-outbox = Buffer
software-waiting = waiting
software-resent = resent
software-dropped = dropped
software-reported = Reported
software-signed = signed by the device
software-none = The device has not reported yet. On the device:
self-test-passed = Passed
self-test-not-run = Not run since the start
self-test-failed = Failed: { $what }
deviation-missing = missing
deviation-changed = changed
deviation-unexpected = not part of the release

flows-title = Live flows
flows-none = No telemetry yet. A device sends what the policy of its role declares.
flow-newest = newest
chart-says =
    { $count ->
        [one] { $field }: one value, { $newest }
       *[other] { $field }: the last { $count-shown } values lie between { $low } and { $high }, the newest is { $newest }
    }

device-events-title = Events
device-events-all = All events of this device
act-title = Standing
act-says = Each change is recorded on the ledger. Nothing happens before you confirm it.

## Changing a device's standing

change-what = What happens
change-cause = Cause
change-cancel = Cancel
change-suspend = Suspend
change-resume = Resume
change-revoke = Revoke
change-suspend-title = Suspend { $name }?
change-resume-title = Resume { $name }?
change-revoke-title = Revoke { $name } for ever?
change-suspend-says = The device may do nothing until it is resumed.
change-resume-says = The device may connect again with the key it has.
change-revoke-says = The device may never act again with this identity. This cannot be undone.
change-cuts-sessions =
    { $count ->
        [0] No session is open now.
        [one] 1 open session is closed at once, on every listener.
       *[other] { $count-shown } open sessions are closed at once, on every listener.
    }
change-cuts-handshakes = Every new handshake is refused, and so is the resumption of an old one.
change-cuts-flows = Flows that stop
change-suspend-after = Its key and number stay; it keeps what it measures in its buffer until it is resumed.
change-resume-after = It reconnects by itself, usually within a minute, and sends what it kept.
change-revoke-after = To come back it must be invited again and join with a new key; it then gets a new number.
change-suspend-confirm = Suspend { $name }
change-resume-confirm = Resume { $name }
change-revoke-confirm = Revoke { $name } for ever
change-suspend-done = { $name } is suspended. Sessions closed: { $count-shown }, after { $millis } ms.
change-resume-done = { $name } may connect again.
change-revoke-done = { $name } is revoked. Sessions closed: { $count-shown }, after { $millis } ms.
cause-unspecified = Not said
cause-key-compromised = Its key is, or may be, known to somebody else
cause-lost = It is lost
cause-misbehaved = It did what it must not do
cause-clone-suspected = Its key was seen on two devices
cause-superseded = It was replaced

## Events and cases

events-title = Events and cases
events-list-title = Events
events-none = Nothing was recorded yet.
events-no-match = No event matches.
cases-title = Cases
cases-none = No case. A case is opened when a device's files differ from its release, or when refusals come in bursts.
cases-none-here = No case about this device.
case-number = Case
case-way = From noticed to closed
case-not-yet = not yet
case-timeline = Timeline
case-omitted = Further events, not shown:
stage-noticed = Noticed
stage-contained = Contained
stage-restored = Restored
stage-let-back-in = Let back in
stage-revoked = Revoked
stage-quiet = Quiet again

severity-emergency = Emergency
severity-alert = Alert
severity-critical = Critical
severity-error = Error
severity-warning = Warning
severity-notice = Notice
severity-informational = Info
severity-debug = Debug

code-server-started = The server came up
code-server-stopped = The server was stopped in order
code-operator-session = An operator acted
code-policy-applied = A signed policy became active
code-evidence-attached = A document was attached as evidence
code-evidence-withdrawn = A document was withdrawn as evidence
code-device-invited = A device was invited
code-device-enrolled = A device joined with a key of its own
code-enroll-refused = An enrollment was refused
code-device-proof-verified = A device verified its ledger proof offline
code-device-renewed = A device renewed its certificate
code-session-opened = A device opened a session
code-session-closed = A session ended
code-session-taken-over = A newer connection of the same device took over
code-tls-mutual = Both sides proved who they are over TLS 1.3
code-tls-refused = A handshake was refused
code-message-permitted = A message passed every check
code-message-refused = A message was refused by policy
code-subscribe-refused = A subscription was refused by policy
code-command-sent = A command went to a device
code-command-acknowledged = A device acknowledged a command
code-command-timed-out = A device did not acknowledge a command in time
code-update-offered = A release was offered to a device
code-update-confirmed = A device confirmed a new release
code-update-rolled-back = A device went back to its former release
code-update-refused = A device refused a release
code-integrity-measured = A device's files were measured
code-integrity-deviation = A device's files are not those of its release
code-integrity-restored = A device restored the files of its release
code-containment-begun = A device was contained
code-containment-lifted = A device was let back in
code-device-revoked = A device was revoked
code-device-suspended = A device was suspended
code-device-resumed = A device was resumed
code-session-revoked = A device lost its standing and its sessions
code-ledger-cosigned = A checkpoint was cosigned
code-ledger-lagging = A checkpoint lacks cosignatures
code-audit-anchored = The event chain was anchored in the ledger
code-audit-verified = The event chain was verified
code-listener-checked = A listener was checked from outside
code-buffer-resent = A device resent what it had kept
code-protocol-violation = A peer broke the protocol and was cut off
code-budget-exceeded = A budget was used up; the rest was shed
code-alert-raised = A detector saw a pattern that needs attention

detail-why = Exactly
detail-requirement = Serves
detail-days = Days of the certificate
detail-observed = Observed
detail-topic = Topic
detail-filter = Filter
detail-flow = Flow
detail-listener = Listener
detail-role = Role
detail-number = Number
detail-document = Document
detail-sha256 = SHA-256
detail-items = Items
detail-owner = Owner
detail-until = Until
detail-verdict = Result
detail-name = Name
detail-release = Release
detail-deviations = Files
detail-self-test = Self-test
detail-millis = Milliseconds
detail-contained-millis = Contained for (ms)
detail-sessions-closed = Sessions closed
detail-messages = Messages
detail-resent = Resent
detail-dropped = Dropped
detail-refusals = Refusals
detail-changes = Changes
detail-key = Key
detail-unacknowledged-messages = Unacknowledged messages
detail-count = Count
detail-window-seconds = Within (s)
detail-version = Version
detail-key-exchange = Key exchange
detail-cipher-suite = Cipher suite
detail-resumed = Resumed
detail-expired = Certificate expired
detail-mqtt = MQTT
detail-keep-alive-seconds = Keep-alive (s)
detail-witnesses = Witnesses
detail-witness-size = Size the witness knows
detail-size = Ledger size
detail-sequence = Event
detail-position = Ledger entry
detail-events = Events
detail-anchors = Anchors

## Why: reasons of the policy

reason-no-policy = No policy is in force
reason-contained = The device is contained; only its report and repair are open
reason-not-authorized = The role does not allow this topic
reason-wildcard-refused = A wildcard that reaches further than the device's own commands
reason-retain-refused = Retained messages are not taken
reason-rate-exceeded = More messages than the flow allows
reason-payload-too-large = The payload is longer than the flow allows
reason-sequence-missing = The flow requires boot count and sequence, and there is none
reason-replayed = This boot count and sequence were accepted before
reason-not-json = The payload is not acceptable JSON
reason-schema-violation = The payload is not what the flow's schema describes
reason-out-of-range = A value is outside of the declared range

## Why: handshakes

reason-no-certificate = No client certificate was shown
reason-unknown-issuer = The certificate comes from another CA
reason-expired = It has expired
reason-tls-refused--expired = The certificate has expired
reason-enroll-refused--expired = The invitation has expired
reason-update-refused--expired = The offer of the release has expired
reason-not-yet-valid = The certificate is not valid yet: one of the clocks is wrong
reason-revoked = The device is revoked
reason-suspended = The device is suspended
reason-retired = The device is retired
reason-renamed = The device has another name now
reason-unknown-device = The key belongs to no registered device
reason-tls-version = No TLS 1.3 was offered
reason-not-tls = The first bytes are not TLS
reason-timeout = The handshake did not end in time
reason-malformed = Bytes that break the protocol
reason-wrong-purpose = The certificate is not made for a client
reason-incompatible = TLS 1.3, but nothing in common to agree on
reason-peer-aborted = The peer gave up: it closed, or did not accept our certificate

## Why: enrollment and renewal

reason-unknown-name = Nobody with this name was invited
reason-wrong-code = The one-time code is wrong
reason-tries-used-up = No tries are left
reason-used-up = The invitation was used by another key
reason-key-already-known = The key is already known
reason-name-has-active-key = The name already has an active key
reason-weak-key = The key is not a usable P-256 or Ed25519 key
reason-possession-not-proven = The request is not signed with its own key
reason-subject-differs = The request's subject is not exactly the name
reason-former-key = The key was replaced by a newer one
reason-too-late = The window after expiry has passed
reason-too-often = Too many requests in a minute
reason-setup-link = A link to the console that is used up, too old or made up

## Why: sessions and MQTT

reason-disconnected = The device said goodbye
reason-peer-closed = The connection was closed without a goodbye
reason-refused-message = A refused message that MQTT 3.1.1 cannot answer in another way
reason-too-many-refusals = Too many refusals in one session
reason-store-failed = The store did not take a message; the device keeps it
reason-uplink-failed = The session could not begin: the store did not answer
reason-standing = The device's standing changed
reason-taken-over = The device connected again
reason-shutdown = The gateway went down
reason-panic = A fault of our own ended this one connection
reason-protocol-error = A packet that is not allowed at this point
reason-first-packet = The first packet does not open a connection
reason-connect-timeout = The connection was not opened in time
reason-unsupported-version = Neither MQTT 3.1.1 nor 5
reason-password-presented = A password was presented; there are none here
reason-will-presented = A will message was presented
reason-authentication-method = An enhanced authentication method was asked for
reason-client-identifier = An empty client identifier asked to resume a session
reason-packet-too-large = The packet is larger than the limit
reason-too-many-parts = More properties or filters in one packet than are read
reason-peer-packet-limit = The peer accepts only packets too small to be answered with
reason-packet-id-zero = Packet identifier 0
reason-packet-id-in-use = A packet identifier that is still in use
reason-qos-two = QoS 2, although the maximum is QoS 1
reason-topic-alias = A topic alias, although none is allowed
reason-receive-maximum = More unacknowledged messages than allowed
reason-keep-alive = Silent for longer than the keep-alive time
reason-outgoing-full = The peer does not read what is sent to it
reason-state-report = The state report cannot be read or was not signed by the device

## Why: commands

reason-not-connected = The device is not connected
reason-not-subscribed = The device does not listen to this command
reason-not-permitted = The policy does not allow this command
reason-busy = Busy with another one
reason-too-large = Larger than the device accepts
reason-refused = The device refused it
reason-timed-out = No answer in time

## Why: budgets

reason-prefix-rate = Too many new connections from one address prefix
reason-prefix-half-open = Too many unfinished handshakes from one address prefix
reason-half-open = Too many unfinished handshakes in all
reason-connections = The listener has as many connections as it may have
reason-visitors = Too many visitors without a certificate
reason-device-connections = Too many connections of one device
reason-accept-failed = The system gave no socket
reason-events-shed = More events than could be kept; they were counted

## Why: updates

reason-older = Older than what is confirmed already
reason-older-metadata = The release data is older than what is confirmed already
reason-wrong-product = Made for another product
reason-already-installed = Installed already
reason-failed-before = This release was rolled back before
reason-history-lost = The device's record of its releases was lost; its owner must reset it
reason-self-test-failed = The self-test failed
reason-crashed = The new release crashed
reason-deadline-passed = The trial was not confirmed in time
reason-attempts-used-up = No starts are left for the trial
reason-never-written = The new release was never fully written
reason-files-refused = A file is not what the release says
reason-asked = Somebody asked for it
reason-metadata-too-long = The release data is too long
reason-metadata-malformed = The release data cannot be read
reason-metadata-out-of-bounds = The release data is beyond its limits
reason-path-refused = The release names a path that it may not
reason-root-unusable = The release root cannot be used
reason-not-enough-signatures = Not enough valid signatures

## Why: causes that an operator gives

reason-unspecified = No cause was given
reason-key-compromised = Its key is, or may be, known to somebody else
reason-lost = It is lost
reason-misbehaved = It did what it must not do
reason-clone-suspected = Its key was seen on two devices
reason-superseded = It was replaced
reason-operator = An operator did it

## Why: detectors, chain, ledger

reason-deviation = Files differ from the release
reason-refusal-burst = Many refusals in a short time
reason-silence = The device says nothing for longer than the policy allows
reason-filtered = The policy does not open this to a peer without certificate
reason-enrollment-failures = Repeated failures to enroll: somebody may be guessing codes
reason-broken = The chain is broken
reason-witness-unreachable = The witness cannot be reached
reason-witness-other-certificate = The witness shows another certificate than the pinned one
reason-witness-timed-out = The witness did not answer in time
reason-witness-refused = The witness refused
reason-older-than-witness = The witness has seen a longer ledger: an old backup was put back
reason-too-long = Longer than a witness reads
reason-sizes-reversed = The new size is smaller than the old one
reason-unknown-log = The witness does not know this log
reason-not-signed-by-log = The checkpoint is not signed by the log
reason-other-size = The witness is at another size
reason-split-view = Another root for the same size: history was rewritten
reason-not-consistent = The new checkpoint does not continue the old one

## At the door, and trouble

door-title = The gate
door-says = This console has no password. You get in with a one-time link, which only somebody with access to the server can make.
door-first = On the server, as the user it runs as:
door-second = Open the printed link in this browser, within an hour.
door-why = Nobody becomes operator by being the first visitor, and a used link opens nothing.
door-spent = This link was used already, has ended, or never was. Make a new one.
door-left = You are logged out.
door-link-says = You hold a one-time link. It opens a session of 12 hours in this browser, and is used up by that.
door-link-why = The link is not used before you press the button, so a preview of it in a chat does no harm.
door-enter = Open the console

trouble-not-found = There is no such page
trouble-not-found-says = The address may be mistyped.
trouble-no-device = There is no device { $name }
trouble-no-device-says = Devices are listed under the name they were invited with.
trouble-foreign = This did not come from the console
trouble-foreign-says = A change is taken only from a page of this console itself. Nothing was changed. Open the page again and repeat it.
trouble-conflict = That does not fit how things stand
trouble-conflict-says = Nothing was changed.
trouble-too-many = Too many live pages are open
trouble-too-many-says = Close some of them; the page works without being live, too.
trouble-too-often = Too many requests
trouble-too-often-says = Wait a minute, then try again.
trouble-failed = The server could not answer
trouble-failed-says = Devices are not affected by this page. Try again in a moment.
trouble-observed = Observed:
trouble-fix = To do:

## Drift

drift-title = Drift
drift-lead = What was observed and is not in the model, and what the model has and was not observed. Tell whether the model is out of date, or the system is not as it should be.
drift-span = Look back
drift-days =
    { $count ->
        [one] 1 day
       *[other] { $count-shown } days
    }
drift-model = Model
drift-since = since
drift-none = Nothing differs
drift-none-says = All that was observed is in the model, and all of the model that can be observed was. Look again after a change, or over a longer time.
drift-no-model = No model is in force
drift-no-model-says = Apply one, and this page compares it with what devices do.
drift-not-in-model = Observed, not in the model
drift-not-in-model-says = Add it to the model if it is meant to be; otherwise find out who does it, and stop it.
drift-not-observed = In the model, not observed
drift-not-observed-says = A device that is not there yet, a flow that is never used, or a time that is too short. What stays unused can leave the model.
drift-not-observable = In the model, out of sight of the gateway
drift-not-observable-says = Not drift, and no proof either: somebody has to state how it is.
drift-what-component = component
drift-what-flow = flow
drift-what-topic = topic
drift-what-peer = peer
drift-what-count = number
column-what = Kind
column-difference = Difference
column-seen-at = Seen at

## Documents

evidence-title = Documents
evidence-lead = What people attached beside what the system observes. A document counts until its last day, and only as what somebody answers for, never as an observation.
evidence-none = No document was attached yet
evidence-none-says = Attach what shows a control that no observation can show: a report, a record, the result of a test.
evidence-no-match = No document is in this state.
evidence-counts = counts
evidence-against = counts against
evidence-tells-nothing = tells nothing
evidence-expired = expired
evidence-withdrawn = withdrawn
evidence-kind-document = document
evidence-kind-test = result of a test
evidence-bytes =
    { $count ->
        [one] 1 byte
       *[other] { $count-shown } bytes
    }
column-document = Document
column-about = About
column-owner = Owner
column-until = Until
column-attached = Attached
