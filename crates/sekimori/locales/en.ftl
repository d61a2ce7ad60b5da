# Texts of the command line. Every key here stands in ja.ftl too, with the same variables.

label-error = error
label-observed = observed
label-expected = expected
label-fix = fix
label-detail = detail

usage-heading = Usage:
usage-commands = Commands
usage-arguments = Arguments
usage-options = Options
usage-global = Options of every command
usage-more = For more information, try '--help'.
wrong-command = there is no command { $word }
wrong-unknown = there is no argument { $word }
wrong-missing = needed, but not given: { $word }
wrong-value = { $argument } cannot be { $word }
wrong-no-value = { $word } needs a value
wrong-no-command = { $word } needs a command
wrong-twice = { $word } can be given once only
wrong-together = { $argument } cannot stand beside { $word }
wrong-otherwise = these words are not understood

error-server-unreachable = no server is running for this home
fix-server-unreachable = start it:  sekimori up   or name its home:  --home DIR
error-witness-exists = this home belongs to a witness of another name
fix-witness-exists = use the same name, or another home
error-witness-missing = there is no witness in this home
error-event-code-unknown = no event has this code
events-no-match = no event matches
error-id-unknown = nothing is called so
fix-id-unknown = name the model as well: sekimori model explain ID FILE
fix-id-not-in-model = take an id from the report:  sekimori model analyze { $file }
explain-ways = By way of each requirement
explain-more = … and { $count } more (--json shows all)
error-template-unknown = there is no template of that name
error-file-exists = the file exists already
error-countermeasure-unknown = no countermeasure of that name can be put to work in this system
expected-countermeasure = the id of a countermeasure, for the whole system or at one place: CM-ENC, CM-ENC@{ $place }
fix-countermeasure-unknown = sekimori model analyze FILE --format html  names the ids of all that answers something here
error-comparison-format = this form of report has no place for a comparison
fix-file-exists = name another file; nothing is overwritten

up-ready = Sekimori is ready.
    Console     { $setup }   (once)
    HTTPS       { $https }
    MQTT        { $mqtt }
    Root        { $root }
    Ledger key  { $log }
    Next, in another terminal:  sekimori model init  &&  sekimori apply
witness-ready = { $name } is ready to cosign at { $url }

model-written = { $file } is written. Next:  sekimori model check { $file }
model-sound = { $file }: no problem found
model-usable = { $file }: no error; look at the warnings above
model-changed = { $file } is laid out anew
model-would-change = { $file } is not in canonical layout
model-tidy = Everything is in canonical layout.
error-model-unreadable = the model cannot be read
error-model-unwritable = the model cannot be written
error-folder-without-model = the folder has no model file
error-layout-changes-meaning = the layout would change what the model says; nothing was written
fix-layout-changes-meaning = this is a fault of Sekimori: please report it with the model
file-missing = there is no such file
file-forbidden = access is denied
file-is-folder = this is a folder
folder-missing = the folder does not exist
fix-folder-missing = make the folder first, or name another one
file-in-file = a part of the path is a file, not a folder
file-read-only = the file system is read-only
file-no-space = no space is left
fix-file-forbidden = check the rights of the file and of its folder
fix-file-path = check the path
fix-file-read-only = name a file somewhere else
fix-file-no-space = make room, or name a file somewhere else
apply-unchanged = Policy v{ $version } stays: the model asks for nothing else.
apply-dry-run = Changes: { $count }. Nothing was applied.
apply-done = Policy v{ $version } is signed and active. Changes: { $count }.

invite-run-this = Run this on { $name } (valid until { $expires }; where only sekimori is installed, `sekimori agent` stands for `sekimori-agent`):
invite-waiting = Waiting until { $name } has joined; Ctrl-C stops waiting, not the invitation.
invite-joined = { $name } joined. Number { $number }
device-none = No device has joined yet. Next:  sekimori device invite dev-0001 --role ROLE
device-suspend-done = { $name } is suspended. Connections closed: { $sessions }, in { $millis } ms.
device-resume-done = { $name } may connect again ({ $millis } ms, connections closed: { $sessions }).
device-revoke-done = { $name } is revoked. Connections closed: { $sessions }, in { $millis } ms.
command-acknowledged = { $name } answered { $reply } after { $millis } ms
standing-active = active
standing-suspended = suspended
standing-revoked = revoked
standing-retired = retired
standing-contained = contained

release-keys-made = Release key { $key } is in { $folder }. Keep the folder away from the server.
release-keys-trusted = Release key { $key } is in { $folder } and recorded on the ledger.
release-signed = { $product } { $version }: { $count } files signed, metadata in { $file }
release-published = { $product } { $version } is published. Next:  sekimori campaign create --release { $version } --role { $product }
release-verified = { $product } { $version }: { $count } files, signed by your key, offered until { $expires }
campaign-created = { $release } is offered to every device of role { $role }.

verify-events-held = { $events } events: the chain is whole; anchors on the ledger that it meets: { $anchors }.
verify-events-broken = The chain of events is broken: { $why }
verify-ledger-held = { $count } entries derived again: everything agrees; signed by the log, cosigned by witnesses: { $witnesses }.
verify-ledger-broken = The ledger is broken: { $why }
fix-report-on-terminal = name a file:  --output { $file }
prove-written = The report is in { $file }

status-organization = Organization
status-console = Console and API
status-mqtt = MQTT over TLS
status-policy = Policy
status-no-policy = no policy is active; every message is refused
status-devices = Devices
status-device-counts = { $total } ({ $active } active, { $contained } contained, { $revoked } revoked)
status-events = Events
status-ledger = Ledger
status-root = Root
status-sessions = Open connections
status-messages = Messages kept
status-cases = Open cases
status-ledger-sizes = { $recorded } entries, { $published } published
status-witnesses = Witnesses: { $names }; cosignatures needed: { $threshold }
status-hindrance = Not published yet: { $why }
doctor-broken = this record is not what was signed
fix-doctor-broken = stop the server, keep a copy of the home, restore the newest good backup
status-log = Ledger key
status-one-administrator = One administrator: nobody else cosigns this ledger.

doctor-settings = settings can be read
doctor-home = the home can be written
doctor-server = the server answers
doctor-policy = a policy is active
doctor-witness = another organization cosigns
doctor-witness-behind = a witness has not cosigned the newest checkpoint
doctor-ledger = the ledger holds together
doctor-events = the chain of events is whole

column-number = NUMBER
column-name = NAME
column-role = ROLE
column-standing = STANDING
column-connected = CONNECTED
column-release = RELEASE
column-slot = SLOT
column-last-seen = LAST SEEN
column-last-update = LAST UPDATE
column-result = RESULT
column-reason = REASON
column-setting = SETTING
column-value = VALUE
column-origin = ORIGIN

demo-opening = The whole loop, for real, in { $home }
demo-not-reached = not reached
demo-too-slow = not within { $seconds } s
demo-stays = Everything keeps running; Ctrl-C ends it. Console (once): { $link }
demo-detail-up = HTTPS { $https } · MQTT { $mqtt } · root { $root }…
    { $entries } ledger entries, cosigned by partner.example/w1 · no clear text · setup link worked once
demo-detail-analyze = { $threats } threats · { $picks } countermeasures chosen, cost { $cost } (lower bound { $bound }) · { $requirements } requirements · same model, same bytes
demo-detail-apply = policy v1 signed and active · { $changes } changes shown first, none after
demo-detail-enroll = { $numbers } · keys never left their devices · { $entries } entries checked offline against both organizations
    a wrong root fingerprint was noticed before anything secret was sent
demo-detail-report = { $total } readings stored · door answered a command in { $millis } ms
    server killed: { $waiting } readings waited on disk, then arrived in order, none lost, none twice
demo-detail-refuse = { $seen }
    the stranger saw only: { $stranger }
demo-detail-update = 1.0.0 written to the idle slot, tried, confirmed in slot { $slot }
    1.1.0 rolled back by the device: { $rolled }
    0.9.0 refused by the device: { $refused }
demo-detail-heal = { $millis } ms from the change to being let back in · no human
    one case: { $steps }
demo-detail-revoke = { $closed } ms from the order to the closed socket, { $committed } ms until it was recorded and cosigned · sessions closed: { $sessions }
    next handshake refused · resumption refused
demo-detail-prove = { $requirements } requirements: { $met } met, { $unseen } not observed, { $stale } stale, { $stated } need a statement
    { $controls } negative controls observed · HTML and JSON, 日本語 and English
demo-detail-verify = { $entries } entries derived again, signed by the log and { $witnesses } witness · { $events } events, { $anchors } anchors
    one byte flipped in a copy: { $entry }
    one byte flipped in a copy: { $event }
demo-step-up = up: server, ledger and a second organization's witness
demo-step-analyze = analyze: model → threats → countermeasures → policy
demo-step-apply = apply: the policy is signed and active
demo-step-enroll = enroll: keys made on the device, recorded, cosigned, checked offline
demo-step-report = report: telemetry, a command, and a server that goes away
demo-step-refuse = refuse: everything the model does not allow
demo-step-update = update: a good release, a broken one, an older one
demo-step-heal = heal: tampering is noticed, contained and undone
demo-step-revoke = revoke: the session closes, the key is refused
demo-step-prove = prove: what was required and what was observed
demo-step-verify = verify: ledger and events derived again; one flipped byte is named

# Import and export.
model-imported = { $file } is written: { $components } components, { $flows } flows, { $notes } notes to look at. Next:  sekimori model check { $file }
model-exported = { $file } is written
error-format-unknown = the format of the file cannot be told
error-name-a-device = a usage description is of one device component
model-without-device = { $file } has no component of kind "device"
fix-model-without-device = add one to the model: kind = "device"
error-document-unreadable = the file cannot be read
error-document-unwritable = the file cannot be written

## Evidence that people attach

evidence-attached = { $id } is attached to { $items }: { $owner } answers for it until { $until }, SHA-256 { $hash }
evidence-passed = It counts: { $why }
evidence-failed = It counts against what it is about: { $why }
evidence-inconclusive = It tells nothing and counts for nothing: { $why }
evidence-none = Nothing is attached yet: sekimori evidence attach FILE --for ITEM --owner NAME --until DATE
evidence-withdrawn = { $id } counts no more; it stays in the list with the reason
error-evidence-file = { $file } cannot be read
column-id = ID
column-worth = TODAY
column-items = ABOUT
column-title = TITLE
column-owner = OWNER
column-until = UNTIL
column-hash = SHA-256
worth-counts = counts
worth-against = counts against
worth-tells-nothing = tells nothing
worth-expired = expired
worth-withdrawn = withdrawn
# Drift.
drift-not-in-model = Observed, and not in the model:
drift-not-observed = In the model, and not observed:
drift-not-observable = In the model, and not to be seen from here:
drift-none = No drift in the last { $days } days.
drift-found = { $count } differences in the last { $days } days.
error-answer-unreadable = the server's answer cannot be read
