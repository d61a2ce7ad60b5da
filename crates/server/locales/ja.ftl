# コンソールの文章。en.ftl と同じキーと同じ変数を持つ。

brand = 関守
skip-to-content = 本文へ移動
navigation = コンソールの区分
language = 言語
log-out = ログアウト
as-of = 表示時点
never = なし
pages = ページ
pages-cases = 事案のページ
page-first = 最初のページ
page-next = 次のページ
page-newest = 最新へ
page-older = さらに前へ

live-connecting = 接続しています…
live-on = 自動更新中
live-off = 自動更新していません: サーバーが応答しません
live-paused = 一時停止中
live-pause = 一時停止
live-resume = 再開

ledger-one-administrator = 台帳: 管理者は1者のみ
ledger-cosigned = 台帳: { $size } 件、{ $witnesses } が連署

ago-now = たった今
ago-seconds = { $count }秒前
ago-minutes = { $count }分前
ago-hours = { $count }時間前
ago-days = { $count-shown }日前
ago-in-seconds = { $count }秒後
ago-in-minutes = { $count }分後
ago-in-hours = { $count }時間後
ago-in-days = { $count-shown }日後
took-millis = { $count } ミリ秒
took-seconds = { $seconds } 秒
took-minutes = { $count } 分
took-hours = { $count } 時間

## 機器の一覧

devices-title = 機器
devices-matched = { $count-shown } 台
devices-none = まだ機器がありません
devices-none-says = 最初の機器を招待してください。コマンドが、機器で実行する1行を表示します。
devices-no-match = 条件に合う機器はありません
invited-title = 招待済み・未参加
invited-says = それぞれ、使い捨ての参加コードで一度だけ参加できます。
invited-until = 期限

tile-devices = 機器
tile-connected = 接続中
tile-contained = 隔離中
tile-open-cases = 未解決の事案 { $count-shown } 件
tile-refusals = 拒否
tile-refusals-note = 直近1時間
tile-ledger = 台帳の記録
tile-one-administrator = 管理者は1者のみ
tile-ledger-cosigned = { $name } が連署
tile-ledger-waiting = { $count-shown } 件が連署待ち

advice-one-administrator = この台帳には鍵の持ち主が1者しかいないため、書き換えがないことを他者に示せません。別の組織に連署してもらってください:
advice-no-policy = 有効なポリシーがないため、機器のメッセージはすべて拒否されます。次に:

filter-devices = 機器の絞り込み
filter-events = 事象の絞り込み
filter-words = 名前または番号
filter-role = 役割
filter-state = 状態
filter-severity = 重大度（以上）
filter-any = すべて
filter-apply = 絞り込む
filter-clear = すべて表示

column-number = 番号
column-name = 名前
column-role = 役割
column-state = 状態
column-release = リリース
column-last-seen = 最終通信 (UTC)
column-last-update = 最近の更新
column-time = 時刻 (UTC)
column-severity = 重大度
column-event = 起きたこと
column-device = 機器
column-reason = 理由
column-count = 件数

state-active = 有効
state-connected = 接続中
state-away = 未接続
state-contained = 隔離中
state-suspended = 停止中
state-revoked = 失効
state-retired = 廃止
state-update-confirmed = 確定
state-update-rolled-back = 巻き戻し
state-update-refused = 拒否
state-case-open = 対応中
state-case-healed = 回復済み
state-case-revoked = 失効
state-case-quiet = 終息

## 機器

back-to-devices = 機器の一覧へ
back-to-device = { $name } へ戻る
contained-title = 隔離中です。
contained-says = 使えるのは状態報告と修復だけです。
contained-why = 理由:
contained-since = 開始

identity-title = 識別
identity-id = ID
identity-key = 公開鍵
identity-enrolled = 登録
identity-certificate = 証明書 (UTC)
identity-expired = 期限切れ
identity-no-certificate = なし
proof-title = 台帳の証明
proof-published = 記録済みです。{ $witnesses } が連署した { $size-shown } 件のチェックポイントに含まれます。
proof-one-administrator = 記録済みです。1者の管理者だけが署名した { $size-shown } 件のチェックポイントに含まれます。
proof-waiting = 記録済みです。連署を待っています。
proof-nothing-recorded = この機器についての記録はありません。
proof-verified = 機器が証明をオフラインで検証しました。
proof-not-verified = 機器はまだ証明を検証していません。
proof-not-reported = 証明を検証したかどうか、機器からの報告がありません。
proof-caveat = 「記録済み」は書き留められたという意味で、今も有効という意味ではありません。今の状態は上に示しています。
entries-title = 台帳の記録
entry-organization-joined = 組織が参加
entry-organization-left = 組織が離脱
entry-root = リリースのルートを設定
entry-issuer = 発行者を設定
entry-device-registered = 機器を登録
entry-certificate-issued = 証明書を発行
entry-key-rotated = 鍵を更新
entry-suspended = 停止
entry-restored = 停止を解除
entry-revoked = 失効
entry-device-retired = 廃止
entry-firmware-approved = ファームウェアを承認
entry-policy-applied = ポリシーを適用
entry-event-head = 事象の連鎖を固定

connection-title = 接続
connection-none = 接続していません。
connection-last = 最終通信
connection-since = 開始

software-title = ソフトウェアと状態報告
software-release = リリース
software-trial = 試行中
software-slot = スロット
software-no-slot = リリースは未導入
software-counter = セキュリティカウンター
software-boot = 起動回数
software-no-update = まだありません
software-integrity = ファイル
software-held = すべてリリースどおり
software-not-held = リリースと異なる
software-restored = 復元に要した時間
software-self-test = 自己診断
software-outbox = 送信待ち
software-waiting = 待機
software-resent = 再送
software-dropped = 破棄
software-reported = 報告
software-signed = 機器の署名付き
software-none = 機器からの報告がまだありません。機器で次を実行してください:
self-test-passed = 合格
self-test-not-run = 起動後は未実施
self-test-failed = 不合格: { $what }
deviation-missing = 欠落
deviation-changed = 変更
deviation-unexpected = リリースにないファイル

flows-title = 受信中のデータ
flows-none = まだ受信していません。機器は、役割のポリシーで宣言されたデータを送ります。
flow-newest = 最新
chart-says = { $field }: 直近 { $count-shown } 件の値は { $low } から { $high } まで、最新は { $newest }

device-events-title = 事象
device-events-all = この機器のすべての事象
act-title = 資格の変更
act-says = 変更は台帳に記録されます。確認するまで何も起こりません。

## 資格の変更

change-what = 何が起こるか
change-cause = 原因
change-cancel = やめる
change-suspend = 停止する
change-resume = 停止を解除する
change-revoke = 失効させる
change-suspend-title = { $name } を停止しますか
change-resume-title = { $name } の停止を解除しますか
change-revoke-title = { $name } を永久に失効させますか
change-suspend-says = 解除するまで、この機器は何もできません。
change-resume-says = この機器は、今の鍵で再び接続できます。
change-revoke-says = この機器は、今の識別では二度と動作できません。取り消しはできません。
change-cuts-sessions =
    { $count ->
        [0] 今、開いている接続はありません。
       *[other] 開いている { $count-shown } 本の接続を、すべての待ち受けで直ちに閉じます。
    }
change-cuts-handshakes = 新しい接続も、以前の接続の再開も拒否します。
change-cuts-flows = 止まるデータ
change-suspend-after = 鍵と番号は残ります。測定値は、解除されるまで機器が手元に蓄えます。
change-resume-after = 機器は自分で（通常は1分以内に）接続し直し、蓄えたデータを送ります。
change-revoke-after = 復帰するには、改めて招待し、新しい鍵で参加する必要があります。番号も新しくなります。
change-suspend-confirm = { $name } を停止する
change-resume-confirm = { $name } の停止を解除する
change-revoke-confirm = { $name } を永久に失効させる
change-suspend-done = { $name } を停止しました。閉じた接続は { $count-shown } 本、所要 { $millis } ミリ秒です。
change-resume-done = { $name } は再び接続できます。
change-revoke-done = { $name } を失効させました。閉じた接続は { $count-shown } 本、所要 { $millis } ミリ秒です。
cause-unspecified = 指定しない
cause-key-compromised = 鍵が他者に知られた、またはその恐れがある
cause-lost = 紛失した
cause-misbehaved = してはならないことをした
cause-clone-suspected = 同じ鍵が2台の機器で見つかった
cause-superseded = 交換した

## 事象と事案

events-title = 事象と事案
events-list-title = 事象
events-none = まだ記録がありません。
events-no-match = 条件に合う事象はありません。
cases-title = 事案
cases-none = 事案はありません。機器のファイルがリリースと異なるとき、または拒否が集中したときに、事案として扱います。
cases-none-here = この機器の事案はありません。
case-number = 事案
case-way = 検知から終了まで
case-not-yet = 未
case-timeline = 経過
case-omitted = 省略した事象:
stage-noticed = 検知
stage-contained = 隔離
stage-restored = 復元
stage-let-back-in = 復帰
stage-revoked = 失効
stage-quiet = 終息

severity-emergency = 緊急
severity-alert = 警報
severity-critical = 重大
severity-error = エラー
severity-warning = 警告
severity-notice = 通知
severity-informational = 情報
severity-debug = デバッグ

code-server-started = サーバーが起動した
code-server-stopped = サーバーが正常に停止した
code-operator-session = 運用者が操作した
code-policy-applied = 署名済みポリシーが有効になった
code-evidence-attached = 文書が証拠として添付された
code-evidence-withdrawn = 証拠の文書が取り下げられた
code-device-invited = 機器を招待した
code-device-enrolled = 機器が自身の鍵で参加した
code-enroll-refused = 参加の要求を拒否した
code-device-proof-verified = 機器が台帳の証明をオフラインで検証した
code-device-renewed = 機器が証明書を更新した
code-session-opened = 機器が接続した
code-session-closed = 接続が終了した
code-session-taken-over = 同じ機器の新しい接続が引き継いだ
code-tls-mutual = TLS 1.3 で相互に認証した
code-tls-refused = ハンドシェイクを拒否した
code-message-permitted = メッセージがすべての検査を通過した
code-message-refused = メッセージをポリシーにより拒否した
code-subscribe-refused = 購読をポリシーにより拒否した
code-command-sent = 機器に命令を送った
code-command-acknowledged = 機器が命令に応答した
code-command-timed-out = 機器が期限までに命令に応答しなかった
code-update-offered = 機器にリリースを提示した
code-update-confirmed = 機器が新しいリリースを確定した
code-update-rolled-back = 機器が以前のリリースへ戻った
code-update-refused = 機器がリリースを拒否した
code-integrity-measured = 機器のファイルを測定した
code-integrity-deviation = 機器のファイルがリリースと異なる
code-integrity-restored = 機器がリリースのファイルを復元した
code-containment-begun = 機器を隔離した
code-containment-lifted = 機器の隔離を解除した
code-device-revoked = 機器を失効させた
code-device-suspended = 機器を停止した
code-device-resumed = 機器の停止を解除した
code-session-revoked = 機器が資格を失い、接続を閉じた
code-ledger-cosigned = チェックポイントが連署された
code-ledger-lagging = チェックポイントの連署が不足している
code-audit-anchored = 事象の連鎖を台帳に固定した
code-audit-verified = 事象の連鎖を検証した
code-listener-checked = 待ち受けを外側から検査した
code-buffer-resent = 機器が蓄えたデータを再送した
code-protocol-violation = 相手が規約に反したため切断した
code-budget-exceeded = 上限を超えた分を受け付けなかった
code-alert-raised = 検知器が注意を要する兆候を捉えた

detail-why = 詳細
detail-requirement = 応える要件
detail-days = 証明書の日数
detail-observed = 観測
detail-topic = トピック
detail-filter = フィルター
detail-flow = データ
detail-listener = 待ち受け
detail-role = 役割
detail-number = 番号
detail-document = 文書
detail-sha256 = SHA-256
detail-items = 対象
detail-owner = 責任者
detail-until = 期限
detail-verdict = 結果
detail-name = 名前
detail-release = リリース
detail-deviations = ファイル
detail-self-test = 自己診断
detail-millis = ミリ秒
detail-contained-millis = 隔離時間 （ミリ秒）
detail-sessions-closed = 閉じた接続
detail-messages = メッセージ
detail-resent = 再送
detail-dropped = 破棄
detail-refusals = 拒否
detail-changes = 変更
detail-key = 鍵
detail-unacknowledged-messages = 未応答のメッセージ
detail-count = 件数
detail-window-seconds = 期間 （秒）
detail-version = バージョン
detail-key-exchange = 鍵交換
detail-cipher-suite = 暗号スイート
detail-resumed = 再開
detail-expired = 証明書の期限切れ
detail-mqtt = MQTT
detail-keep-alive-seconds = キープアライブ （秒）
detail-witnesses = 証人
detail-witness-size = 証人が知る件数
detail-size = 台帳の件数
detail-sequence = 事象
detail-position = 台帳の記録
detail-events = 事象
detail-anchors = 固定点

## 理由: ポリシー

reason-no-policy = 有効なポリシーがない
reason-contained = 隔離中のため、報告と修復だけが使える
reason-not-authorized = 役割がこのトピックを許可していない
reason-wildcard-refused = 機器自身の命令の範囲を超えるワイルドカード
reason-retain-refused = 保持 (retain) メッセージは受け付けない
reason-rate-exceeded = 許可された頻度を超えた
reason-payload-too-large = 許可された長さを超えた
reason-sequence-missing = 必要な起動回数と連番がない
reason-replayed = 同じ起動回数と連番を受け付け済み
reason-not-json = 受け付けられる JSON ではない
reason-schema-violation = データの形が宣言と異なる
reason-out-of-range = 値が宣言された範囲の外にある

## 理由: ハンドシェイク

reason-no-certificate = クライアント証明書の提示がない
reason-unknown-issuer = 証明書の発行者が異なる
reason-expired = 期限切れ
reason-tls-refused--expired = 証明書の期限切れ
reason-enroll-refused--expired = 招待の期限切れ
reason-update-refused--expired = リリースの提供期限切れ
reason-not-yet-valid = 証明書がまだ有効でない（どちらかの時計が誤っている）
reason-revoked = 機器は失効している
reason-suspended = 機器は停止中である
reason-retired = 機器は廃止されている
reason-renamed = 機器の名前が変わった
reason-unknown-device = 鍵がどの登録機器のものでもない
reason-tls-version = TLS 1.3 の提示がない
reason-not-tls = 最初のデータが TLS ではない
reason-timeout = ハンドシェイクが時間内に終わらなかった
reason-malformed = 規約に反するデータ
reason-wrong-purpose = クライアント用の証明書ではない
reason-incompatible = TLS 1.3 だが、合意できる方式がない
reason-peer-aborted = 相手が中断した（切断した、またはこちらの証明書を受け入れなかった）

## 理由: 参加と更新

reason-unknown-name = この名前は招待されていない
reason-wrong-code = 参加コードが違う
reason-tries-used-up = 試行回数が残っていない
reason-used-up = 招待は別の鍵で使用済み
reason-key-already-known = この鍵はすでに登録されている
reason-name-has-active-key = この名前には有効な鍵がある
reason-weak-key = 使用できる P-256 または Ed25519 の鍵ではない
reason-possession-not-proven = 要求が自身の鍵で署名されていない
reason-subject-differs = 要求の主体名が名前と一致しない
reason-former-key = 新しい鍵に置き換えられた鍵である
reason-too-late = 期限後の猶予期間を過ぎた
reason-too-often = 1分あたりの要求が多すぎる
reason-setup-link = コンソールのリンクが使用済み、期限切れ、または存在しない

## 理由: 接続と MQTT

reason-disconnected = 機器が切断を告げた
reason-peer-closed = 告知なしに切断された
reason-refused-message = MQTT 3.1.1 では切断以外に拒否を伝えられない
reason-too-many-refusals = 1回の接続で拒否が多すぎる
reason-store-failed = 保存できなかった（データは機器に残る）
reason-uplink-failed = 保存先が応答せず、接続を開始できなかった
reason-standing = 機器の資格が変わった
reason-taken-over = 機器が接続し直した
reason-shutdown = ゲートウェイが停止した
reason-panic = 当方の不具合でこの接続だけが終了した
reason-protocol-error = この時点では許されないパケット
reason-first-packet = 最初のパケットが接続要求ではない
reason-connect-timeout = 時間内に接続要求がなかった
reason-unsupported-version = MQTT 3.1.1 でも 5 でもない
reason-password-presented = パスワードが提示された（ここでは使わない）
reason-will-presented = 遺言 (will) メッセージが提示された
reason-authentication-method = 拡張認証が要求された
reason-client-identifier = 空の識別子でセッションの再開が要求された
reason-packet-too-large = パケットが上限より大きい
reason-too-many-parts = プロパティーまたはフィルターが多すぎる
reason-peer-packet-limit = 相手の受信上限が小さすぎて応答できない
reason-packet-id-zero = パケット識別子が 0
reason-packet-id-in-use = 使用中のパケット識別子
reason-qos-two = 上限は QoS 1 だが QoS 2 が使われた
reason-topic-alias = 許可されていないトピックエイリアス
reason-receive-maximum = 未応答のメッセージが多すぎる
reason-keep-alive = キープアライブの時間を超えて無通信
reason-outgoing-full = 相手が受信していない
reason-state-report = 状態報告が読めない、または機器の署名でない

## 理由: 命令

reason-not-connected = 機器が接続していない
reason-not-subscribed = 機器がこの命令を購読していない
reason-not-permitted = ポリシーがこの命令を許可していない
reason-busy = 別の処理中である
reason-too-large = 機器の受信上限より大きい
reason-refused = 機器が拒否した
reason-timed-out = 時間内に応答がなかった

## 理由: 上限

reason-prefix-rate = 同じアドレス帯からの新規接続が多すぎる
reason-prefix-half-open = 同じアドレス帯からの未完了ハンドシェイクが多すぎる
reason-half-open = 未完了のハンドシェイクが多すぎる
reason-connections = 待ち受けの接続数が上限に達した
reason-visitors = 証明書のない来訪者の接続が多すぎる
reason-device-connections = 1台の機器の接続が多すぎる
reason-accept-failed = システムがソケットを作れなかった
reason-events-shed = 保存しきれない事象を件数だけ数えた

## 理由: 更新

reason-older = 確定済みのものより古い
reason-older-metadata = リリース情報が確定済みのものより古い
reason-wrong-product = 別の製品のリリース
reason-already-installed = すでに導入されている
reason-failed-before = 以前に巻き戻されたリリース
reason-history-lost = 機器のリリース履歴が失われた（所有者による初期化が必要）
reason-self-test-failed = 自己診断に不合格
reason-crashed = 新しいリリースが異常終了した
reason-deadline-passed = 試行が期限までに確定しなかった
reason-attempts-used-up = 試行の起動回数を使い切った
reason-never-written = 新しいリリースの書き込みが完了しなかった
reason-files-refused = ファイルがリリースと一致しない
reason-asked = 要求により実施
reason-metadata-too-long = リリース情報が長すぎる
reason-metadata-malformed = リリース情報を読み取れない
reason-metadata-out-of-bounds = リリース情報が制限を超えている
reason-path-refused = リリースが許可されないパスを含む
reason-root-unusable = リリースのルートが使えない
reason-not-enough-signatures = 有効な署名が足りない

## 理由: 運用者が示した原因

reason-unspecified = 原因の指定なし
reason-key-compromised = 鍵が他者に知られた、またはその恐れがある
reason-lost = 紛失した
reason-misbehaved = してはならないことをした
reason-clone-suspected = 同じ鍵が2台の機器で見つかった
reason-superseded = 交換した
reason-operator = 運用者の操作

## 理由: 検知、連鎖、台帳

reason-deviation = ファイルがリリースと異なる
reason-refusal-burst = 短時間に拒否が集中した
reason-silence = ポリシーの許す時間を超えて機器が沈黙している
reason-filtered = 証明書を示さない相手には、ポリシーがこの窓口を開いていない
reason-enrollment-failures = 参加の失敗が続いた（コードを推測している恐れがある）
reason-broken = 連鎖が切れている
reason-witness-unreachable = 証人に到達できない
reason-witness-other-certificate = 証人の証明書が登録したものと異なる
reason-witness-timed-out = 証人が時間内に応答しなかった
reason-witness-refused = 証人が拒否した
reason-older-than-witness = 証人はより長い台帳を見ている（古いバックアップが戻された）
reason-too-long = 証人が読める長さを超えている
reason-sizes-reversed = 新しい件数が以前より少ない
reason-unknown-log = 証人がこの台帳を知らない
reason-not-signed-by-log = チェックポイントが台帳の鍵で署名されていない
reason-other-size = 証人の件数が異なる
reason-split-view = 同じ件数で根が異なる（履歴が書き換えられた）
reason-not-consistent = 新しいチェックポイントが以前の続きではない

## 入口とエラー

door-title = 関所
door-says = このコンソールにパスワードはありません。サーバーを操作できる人だけが作れる、一度限りのリンクで入ります。
door-first = サーバー上で、サーバーの実行ユーザーとして:
door-second = 表示されたリンクを、1時間以内にこのブラウザーで開きます。
door-why = 最初に訪れた人が運用者になることはありません。使用済みのリンクでは何も開きません。
door-spent = このリンクは使用済みか、期限切れか、存在しません。新しいリンクを作ってください。
door-left = ログアウトしました。
door-link-says = 一度限りのリンクをお持ちです。このブラウザーで12時間のセッションを開き、リンクは使用済みになります。
door-link-why = ボタンを押すまでリンクは使われません。チャットのプレビューで失われることはありません。
door-enter = コンソールを開く

trouble-not-found = ページがありません
trouble-not-found-says = アドレスが誤っている可能性があります。
trouble-no-device = 機器 { $name } はありません
trouble-no-device-says = 機器は、招待したときの名前で一覧に載っています。
trouble-foreign = コンソールからの操作ではありません
trouble-foreign-says = 変更は、このコンソール自身のページからだけ受け付けます。何も変更していません。ページを開き直して、もう一度操作してください。
trouble-conflict = 今の状態ではできません
trouble-conflict-says = 何も変更していません。
trouble-too-many = 自動更新中のページが多すぎます
trouble-too-many-says = いくつか閉じてください。自動更新がなくてもページは使えます。
trouble-too-often = 要求が多すぎます
trouble-too-often-says = 1分ほど待ってから、もう一度お試しください。
trouble-failed = サーバーが応答できませんでした
trouble-failed-says = 機器への影響はありません。しばらくしてからもう一度お試しください。
trouble-observed = 観測:
trouble-fix = 対処:

## 食い違い

drift-title = 食い違い
drift-lead = 観測されたがモデルにないものと、モデルにあるが観測されないもの。モデルが古いのか、システムがあるべき姿でないのかを見分けてください。
drift-span = さかのぼる期間
drift-days = { $count-shown } 日
drift-model = モデル
drift-since = 期間の始まり
drift-none = 食い違いはありません
drift-none-says = 観測されたものは全てモデルにあり、モデルのうち観測できるものは全て観測されました。変更の後や、より長い期間でも確かめてください。
drift-no-model = 有効なモデルがありません
drift-no-model-says = モデルを適用すると、機器の振る舞いとここで比べます。
drift-not-in-model = 観測されたが、モデルにない
drift-not-in-model-says = 意図したものならモデルに加えてください。そうでなければ、誰が行っているかを調べて止めてください。
drift-not-observed = モデルにあるが、観測されない
drift-not-observed-says = まだ機器がない、使われないフローがある、期間が短い、のいずれかです。使わないままのものはモデルから除けます。
drift-not-observable = モデルにあり、ゲートウェイからは見えない
drift-not-observable-says = 食い違いではありませんが、証明にもなりません。どうなっているかを誰かが表明する必要があります。
drift-what-component = 部品
drift-what-flow = フロー
drift-what-topic = トピック
drift-what-peer = 通信相手
drift-what-count = 台数
column-what = 種類
column-difference = 違い
column-seen-at = 現れた先

## 文書

evidence-title = 文書
evidence-lead = システムの観測とは別に、人が添付したもの。期限まで有効で、誰かが責任を持つ表明として数えます。観測として数えることはありません。
evidence-none = 添付された文書はまだありません
evidence-none-says = 観測では示せない管理策について、報告書・記録・試験の結果などを添付してください。
evidence-no-match = この状態の文書はありません。
evidence-counts = 有効
evidence-against = 不利な結果
evidence-tells-nothing = 何も示さない
evidence-expired = 期限切れ
evidence-withdrawn = 取り下げ
evidence-kind-document = 文書
evidence-kind-test = 試験の結果
evidence-bytes = { $count-shown } バイト
column-document = 文書
column-about = 対象
column-owner = 責任者
column-until = 期限
column-attached = 添付
