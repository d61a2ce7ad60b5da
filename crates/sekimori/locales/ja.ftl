# コマンドラインの文章。en.ftl と同じキー・同じ変数を持つ。help- で始まるものの英語は cli.rs に、SK- で始まるものの英語はエラーを作る場所にある。

label-observed = 実際
label-expected = 期待
label-fix = 対処
label-detail = 詳細

usage-heading = 使い方:
usage-commands = コマンド
usage-arguments = 引数
usage-options = オプション
usage-global = 共通オプション
usage-more = 詳しくは --help を付けて実行してください。
wrong-command = コマンド { $word } はありません
wrong-unknown = 引数 { $word } はありません
wrong-missing = 必要な引数がありません: { $word }
wrong-value = { $argument } に { $word } は指定できません
wrong-no-value = { $word } には値が必要です

error-server-unreachable = このホームのサーバーは起動していません
fix-server-unreachable = sekimori up  で起動するか、  --home DIR  でホームを指定してください
error-witness-exists = このホームは別の名前の証人が使っています
fix-witness-exists = 同じ名前を使うか、別のホームを使ってください
error-witness-missing = このホームに証人の鍵がありません
error-template-unknown = その名前のひな形はありません
error-file-exists = ファイルがすでにあります
fix-file-exists = 別のファイル名にしてください(上書きはしません)

up-ready = 関守の準備ができました。
    コンソール  { $setup }   (1 回限り)
    HTTPS       { $https }
    MQTT        { $mqtt }
    ルート      { $root }
    台帳の鍵    { $log }
    次に、別の端末で:  sekimori model init  &&  sekimori apply
witness-ready = { $name } は { $url } で連署できます

model-written = { $file } を作成しました。次に:  sekimori model check { $file }
model-sound = { $file }: 問題は見つかりませんでした
apply-unchanged = 変更はありません。ポリシーは v{ $version } のままです。
apply-dry-run = 変更 { $count } 件。まだ適用していません。
apply-done = ポリシー v{ $version } に署名し、有効にしました(変更 { $count } 件)。

invite-run-this = { $name } で次を実行してください({ $expires } まで有効。sekimori だけがある機器では `sekimori-agent` の代わりに `sekimori agent`):
invite-waiting = { $name } の参加を待っています。Ctrl-C で中断しても招待は有効です。
invite-joined = { $name } が参加しました。番号 { $number }
device-none = 参加した機器はまだありません。次に:  sekimori device invite dev-0001 --role ROLE
device-suspend-done = { $name } を一時停止しました。{ $millis } ms で接続を { $sessions } 本切断しました。
device-resume-done = { $name } は再び接続できます({ $millis } ms、切断した接続 { $sessions } 本)。
device-revoke-done = { $name } を失効させました。{ $millis } ms で接続を { $sessions } 本切断しました。
command-acknowledged = { $name } の応答: { $reply }({ $millis } ms)
standing-active = 稼働可
standing-suspended = 一時停止
standing-revoked = 失効
standing-retired = 廃棄済み
standing-contained = 隔離中

release-keys-made = リリース鍵 { $key } を { $folder } に作りました。このフォルダーはサーバーとは別の場所に保管してください。
release-keys-trusted = リリース鍵 { $key }({ $folder })を台帳に記録しました。
release-signed = { $product } { $version }: { $count } ファイルに署名し、メタデータを { $file } に書き出しました
release-published = { $product } { $version } を公開しました。次に:  sekimori campaign create --release { $version } --role { $product }
release-verified = { $product } { $version }: { $count } ファイル、手元の鍵の署名を確認、提供期限 { $expires }
campaign-created = 役割 { $role } の全機器に { $release } を配信します。

verify-events-held = イベント { $events } 件。連鎖に欠けはなく、台帳に記録したアンカー { $anchors } 件と一致します。
verify-events-broken = イベントの連鎖が壊れています: { $why }
verify-ledger-held = { $count } 件の記録を再計算し、すべて一致しました。台帳の署名と、証人 { $witnesses } 者の連署を検証しました。
verify-ledger-broken = 台帳が壊れています: { $why }
prove-written = 報告書を { $file } に書き出しました

status-organization = 組織
status-console = コンソールと API
status-mqtt = MQTT (TLS)
status-policy = ポリシー
status-no-policy = 有効なポリシーがなく、すべてのメッセージを拒否します
status-devices = 機器
status-device-counts = { $total } 台(稼働可 { $active }、隔離中 { $contained }、失効 { $revoked })
status-events = イベント
status-ledger = 台帳
status-root = ルート
status-sessions = 開いている接続
status-messages = 保存したメッセージ
status-cases = 未解決の事案
status-ledger-sizes = 記録 { $recorded } 件、公開 { $published } 件
status-witnesses = 証人: { $names }(必要な連署数 { $threshold })
status-hindrance = まだ公開されていません: { $why }
doctor-broken = 署名時と内容の異なる記録があります
fix-doctor-broken = サーバーを止め、ホームを複製して保全し、最新の正しいバックアップから復元してください
status-log = 台帳の鍵
status-one-administrator = 管理者は 1 者のみです。この台帳に連署する組織はほかにありません。

doctor-settings = 設定ファイルを読める
doctor-home = ホームに書ける
doctor-server = サーバーが応答する
doctor-policy = ポリシーが有効である
doctor-witness = 別の組織が連署している
doctor-witness-behind = 最新のチェックポイントに連署していない証人がいます
doctor-ledger = 台帳に矛盾がない
doctor-events = イベントの連鎖に欠けがない

column-number = 番号
column-name = 名前
column-role = 役割
column-standing = 状態
column-connected = 接続
column-release = リリース
column-slot = スロット
column-last-seen = 最終確認
column-last-update = 最後の更新
column-result = 結果
column-reason = 理由
column-setting = 設定
column-value = 値
column-origin = 由来

demo-opening = ループ全体を実際に動かします: { $home }
demo-not-reached = 実行していません(前の段階で停止)
demo-too-slow = { $seconds } 秒以内に終わりませんでした
demo-stays = すべて動かしたままです。Ctrl-C で終了します。コンソール(1 回限り): { $link }
demo-detail-up = HTTPS { $https } · MQTT { $mqtt } · ルート { $root }…
    台帳の記録 { $entries } 件に partner.example/w1 が連署 · 平文の応答なし · 設定リンクは一度だけ有効
demo-detail-analyze = 脅威 { $threats } 件 · 対策 { $picks } 件を選択、手間 { $cost }(下限 { $bound })· 要件 { $requirements } 件 · 同じモデルから同じバイト列
demo-detail-apply = ポリシー v1 に署名し有効化 · 先に { $changes } 件の変更を表示、適用後は差分なし
demo-detail-enroll = { $numbers } · 鍵は機器から出ない · { $entries } 件の記録を両組織の署名でオフライン検証
    ルートの指紋が違えば、秘密を送る前に気づいて止まった
demo-detail-report = 計測値 { $total } 件を保存 · 扉はコマンドに { $millis } ms で応答
    サーバーを強制終了: { $waiting } 件がディスクで待ち、順に届いた。欠落も重複もなし
demo-detail-refuse = { $seen }
    部外者に見えたのはこれだけ: { $stranger }
demo-detail-update = 1.0.0 を空きスロットに書き、試用し、スロット { $slot } で確定
    1.1.0 は機器が自分で戻した: { $rolled }
    0.9.0 は機器が拒否: { $refused }
demo-detail-heal = 改変から復帰まで { $millis } ms · 人手なし
    一つの事案: { $steps }
demo-detail-revoke = 指示から { $closed } ms で接続を切断、{ $committed } ms で記録と連署が完了 · 閉じた接続 { $sessions }
    次のハンドシェイクも、セッション再開も拒否
demo-detail-prove = 要件 { $requirements } 件: 充足 { $met }、未観測 { $unseen }、期限切れ { $stale }、申告が必要 { $stated }
    拒否されるべき試みの拒否を { $controls } 種観測 · HTML と JSON、日本語と English
demo-detail-verify = 記録 { $entries } 件を導き直し、台帳と証人 { $witnesses } 者の署名を確認 · イベント { $events } 件、錨 { $anchors } 個
    写しの 1 バイトを改変: { $entry }
    写しの 1 バイトを改変: { $event }
demo-step-up = up: サーバー、台帳、第二の組織の証人
demo-step-analyze = analyze: モデル → 脅威 → 対策 → ポリシー
demo-step-apply = apply: ポリシーに署名し、有効にする
demo-step-enroll = enroll: 機器内で鍵を生成し、台帳に記録・連署し、機器がオフラインで検証する
demo-step-report = report: 計測値、コマンド、サーバー停止中の蓄積と再送
demo-step-refuse = refuse: モデルが許していないものをすべて拒否する
demo-step-update = update: 良いリリース、壊れたリリース、古いリリース
demo-step-heal = heal: 改ざんを検知し、隔離し、自動で復元する
demo-step-revoke = revoke: 接続を切断し、その鍵を拒否する
demo-step-prove = prove: 何が要求され、何が観測されたか
demo-step-verify = verify: 台帳とイベントを再計算する。1 バイトの改ざんも場所まで特定する

# エラー。英語はプログラムの中にあり、ここではコードで引く。-fix は対処、-expected は期待。

SK-API-001 = 指定されたものが見つかりません
SK-API-002 = 要求の内容が正しくありません
SK-API-003 = 要求が大きすぎます
SK-API-004 = 同じ送信元からの要求が多すぎます
SK-API-005 = その操作はありません
SK-CFG-001 = ホームのフォルダーを決められません
SK-CFG-001-fix = --home DIR  または  SEKIMORI_HOME=DIR  で指定してください
SK-CFG-002 = 設定ファイルを使えません
SK-CFG-002-fix = 示された場所を直すか、その行を削ってください
SK-CFG-003 = 証人の行の形式が正しくありません
SK-CFG-003-expected = https://ホスト:ポート 証明書のSHA-256 名前+ハッシュ+鍵
SK-CFG-003-fix = `sekimori witness init` が表示した行を、引用符で囲んで渡してください
SK-CFG-004 = メトリクスはループバックでしか待ち受けられません
SK-CFG-004-expected = 127.0.0.1:9464 のようなアドレス(メトリクスは TLS を使いません)
SK-CFG-004-fix = このマシン上で収集するか、暗号化する経路で転送してください
SK-CFG-005 = アドレスの形式が正しくありません
SK-CFG-005-expected = IP:ポート(例 127.0.0.1:8443、[::]:8443)
SK-CFG-006 = 証人が 255 を超えています
SK-CFG-006-fix = 行を減らしてください
SK-CLI-001 = 標準出力に書き込めません
SK-CLI-002 = シグナルを待てません
SK-CLI-003 = その名前の段階はありません
SK-CLI-010 = ペイロードが JSON ではありません
SK-CLI-010-expected = 例 '{"{"}"locked":true{"}"}'
SK-CLI-011 = 報告書を書き出せません
SK-CLI-011-fix = 書き込めるフォルダーのファイルを指定してください
SK-CLI-012 = ファイルを読み書きできません
SK-CLI-012-fix = パスと、フォルダーの権限を確かめてください
SK-CMD-001 = 機器が接続していません
SK-CMD-001-fix = 次に接続するまで待ってください。コマンドは保留されません
SK-CMD-002 = 機器がこのコマンドを受信していません
SK-CMD-002-fix = フローの ID と、機器のソフトウェアがこのコマンドに対応しているかを確かめてください
SK-CMD-003 = ポリシーがこのコマンドを許していません
SK-CMD-003-fix = フローとペイロードをモデルと照らし合わせてください
SK-CMD-004 = 時間内に応答がありません。機器が実行した可能性は残ります
SK-CMD-004-fix = やり直す前に、機器の最新の報告を確かめてください
SK-CMD-005 = コマンドが届きませんでした
SK-CMD-005-fix = もう一度実行してください
SK-CTL-002 = サーバーの応答が途中で切れました
SK-CTL-003 = サーバーの応答が JSON ではありません
SK-CTL-004 = 制御ソケットを開けません
SK-CTL-004-fix = ローカルディスク上の、より短いパスのホームを使ってください:  --home DIR
SK-DEV-002 = その名前の機器はありません
SK-DEV-003 = その名前の機器はすでに有効な鍵を持っています
SK-DEV-003-fix = 別の名前を使うか、  sekimori device revoke NAME  で失効させてください
SK-DEV-005 = 機器の今の状態では、その操作はできません
SK-DEV-007 = ポリシーにその役割はありません
SK-DEV-007-fix = 期待に挙げた役割を使うか、モデルにコンポーネントを加えて適用してください
SK-DMO-001 = デモ用のフォルダーを作れません
SK-DMO-001-fix = 一時フォルダーに空きを作るか、  TMPDIR=DIR  で別の場所を指定してください
SK-DOC-001 = ホームに書き込めません
SK-DOC-001-fix = フォルダーの所有者をこの利用者にするか、空きを作るか、  --home DIR  で別の場所にしてください
SK-EVI-001 = モデルはその規格を対象にしていません
SK-EVI-001-fix = モデルの  regimes  に加えて適用するか、期待に挙げた規格を指定してください
SK-EVI-002 = このサーバーは報告書を作りません
SK-EVI-002-fix = sekimori up  で起動したサーバーに求めてください
SK-EVI-003 = この形式の報告書は、ここでは作れません
SK-GW-001 = 待ち受けを開始できません
SK-GW-001-fix = 別のアドレスを指定してください:  --listen 127.0.0.1:0 --mqtt 127.0.0.1:0 --metrics 127.0.0.1:0
SK-LED-001 = 台帳に記録しましたが、必要な数の組織の連署がまだありません
SK-LED-001-fix = 証人が動いているか  sekimori status  で確かめてください
SK-LED-002 = 台帳の記録と矛盾します
SK-MOD-903 = モデルのファイルを読み書きできません
SK-MOD-904 = 分析結果を書き出せません
SK-MOD-905 = モデルが大きすぎます
SK-MOD-906 = モデルが UTF-8 のテキストではありません
SK-MOD-906-fix = UTF-8 で保存してください
SK-OPR-001 = 運用者のセッションが必要です
SK-OPR-003 = このリンクは使用済みか、期限切れです
SK-POL-002 = モデルがまだ適用されていません
SK-REL-001 = リリースのルート(鍵としきい値)が正しくありません
SK-REL-002 = 内容が名前(SHA-256)と一致しません
SK-REL-003 = 信頼するリリース鍵がまだ登録されていません
SK-REL-003-fix = sekimori release keys --trust
SK-REL-004 = リリースの署名か内容が正しくありません
SK-REL-005 = 同じ版が、別の内容ですでに公開されています
SK-REL-006 = リリースのファイルが足りません
SK-REL-901 = リリース鍵がありません
SK-REL-902 = このリリースは受け入れられません
SK-REL-903 = リリースに入れられるのは通常のファイルだけです
SK-REL-903-fix = リンクを、指している先のファイルに置き換えてください
SK-REL-904 = 公開鍵を読めません
SK-REL-904-expected = 16 進数 64 桁
SK-SRV-000 = サーバーの処理が中断しました
SK-SRV-001 = 別のサーバーがこのホームを使っています
SK-SRV-001-fix = そのサーバーを止めるか、  --home DIR  で別のホームを使ってください
SK-SRV-002 = ホームのファイルを読み書きできません
SK-SRV-002-fix = パス、権限、ディスクの空きを確かめるか、  --home DIR  で別のホームを使ってください
SK-SRV-003 = ホームの鍵または証明書を使えません
SK-SRV-003-fix = バックアップからファイルを戻してください。新しいホームなら、そのファイルを消してください
SK-SRV-004 = データベースの処理に失敗しました
SK-SRV-005 = 保存された記録が壊れています
SK-SRV-005-fix = 複製したホームで  sekimori ledger fsck  と  sekimori events verify  を実行し、バックアップから復元してください
SK-SRV-006 = 設定の値を使えません
SK-SRV-009 = サーバーの内部で処理に失敗しました
SK-TLS-001 = 証明書または鍵のファイルを使えません
SK-TLS-001-fix = バックアップからファイルを戻すか、新しいホームで鍵を作り直してください
SK-UP-002 = メトリクスの待ち受けを開始できません
SK-UP-002-fix = 別のアドレスを指定してください:  --metrics 127.0.0.1:0
SK-WIT-003 = 保存されたアドレスを使えません
SK-WIT-003-fix = --listen 127.0.0.1:7444  のように指定してください
SK-WIT-004 = 証人の名前として使えません
SK-WIT-004-expected = 空白と + を含まない名前(例 partner.example/w1)
SK-WIT-005 = 台帳の鍵の形式が正しくありません
SK-WIT-005-expected = 名前+ハッシュ+鍵( sekimori status  が表示する台帳の鍵)
SK-WIT-006 = 証人の証明書を作れません
SK-WIT-007 = 証人の証明書を読めません
SK-WIT-007-fix = そのファイルを消し、  sekimori witness init  をもう一度実行してください
SK-WIT-010 = この証人が連署した履歴を読めません
SK-WIT-010-fix = バックアップからフォルダーを戻してください。履歴なしでは証人は約束を守れません
SK-WIT-020 = 待ち受けを開始できません
SK-WIT-020-fix = 別のアドレスを指定してください:  --listen 127.0.0.1:0

help = つながる機器のセキュリティを、その一生にわたって守る
help--lang = メッセージと報告書の言語: ja または en。省略時はロケールに従う
help--home = 鍵・データベース・台帳のフォルダー [既定: $XDG_DATA_HOME/sekimori]
help--json = 人が読む文章の代わりに JSON を標準出力に出す
help--help = この説明を表示する
help--version = 版を表示する
help-help = コマンドの説明を表示する
help-help--subcommand = 説明を表示するコマンド
help-up = サーバーを起動する。初回は鍵・データベース・台帳を作る
help-up--listen = コンソール・API・登録 (HTTPS) のアドレス [既定: 127.0.0.1:8443]
help-up--mqtt = MQTT (TLS) のアドレス [既定: 127.0.0.1:8883、または --listen のアドレス]
help-up--metrics = メトリクスのアドレス(ループバックのみ)[既定: 127.0.0.1:9464]
help-up--organization = 組織の名前。初回起動時にトラストバンドルに書き込まれる
help-up--witness = 連署を依頼する証人: `sekimori witness init` が表示した 1 行
help-up--name = サーバー証明書に入れる名前やアドレス(localhost に加えて)
help-demo = ループ全体を、このマシン上の実際のエージェントプロセスで実演する
help-demo--once = 全段階を実演したら終了する。すべて成功したときだけ終了コード 0
help-demo--sabotage = ある段の前提を壊し、デモが気づくことを確かめる
help-doctor = 導入状態を診断し、問題があれば直し方を示す
help-model = システムモデルを作成・検査・分析する
help-model-init = ひな形からモデルを作成する
help-model-init--file = 作成するファイル(既存のファイルは上書きしない)
help-model-init--template = 元にするひな形: cold-store
help-model-check = モデルの問題をすべて指摘する。問題があれば終了コード 3
help-model-check--file = モデルのファイル
help-model-analyze = モデルの脅威・対策・要件を表示する
help-model-analyze--file = モデルのファイル
help-apply = モデルから導いたポリシーを差分とともに示し、全ゲートウェイで有効にする
help-apply--file = モデルのファイル
help-apply--dry_run = 差分を表示するだけで、適用しない
help-device = 機器を招待・確認・失効する
help-device-invite = 機器を招待する。新しい機器で実行する 1 行を表示する
help-device-invite--name = 機器の名前: a-z、0-9、'-'
help-device-invite--role = 機器が属するモデルのコンポーネントの ID
help-device-invite--no_wait = 機器が参加するのを待たずに終わる
help-device-list = すべての機器を一覧表示する
help-device-show = 1 台の機器の詳細を表示する
help-device-show--name = 機器の名前
help-device-suspend = 機器を一時停止する。鍵はそのまま残る
help-device-suspend--name = 機器の名前
help-device-resume = 一時停止した機器の接続を再び許可する
help-device-resume--name = 機器の名前
help-device-revoke = 機器を失効させる(取り消せない)。接続を切断し、鍵を拒否する
help-device-revoke--name = 機器の名前
help-device-revoke--reason = 台帳に残す理由: unspecified、key-compromised、lost、misbehaved、clone-suspected、superseded
help-device-command = モデルで定義したコマンドを機器に送り、応答を待つ
help-device-command--name = 機器の名前
help-device-command--flow = コマンドを運ぶフローの ID
help-device-command--payload = JSON のペイロード(例 '{"{"}"locked":true{"}"}')
help-device-command--timeout = 応答を待つ時間(ミリ秒)
help-release = 機器のソフトウェアに署名し、公開する
help-release-keys = リリース鍵を作る。--trust を付けると、その鍵を信頼するようサーバーに登録する
help-release-keys--dir = 秘密鍵のフォルダー。サーバーとは別の場所に保管する
help-release-keys--trust = 公開鍵を、稼働中のサーバーの台帳にも記録する
help-release-sign = フォルダー内のファイルにリリースとして署名する。サーバーは不要
help-release-sign--folder = リリースのファイルがあるフォルダー
help-release-sign--product = リリースの対象製品(コンポーネントの ID)
help-release-sign--version = 版(例 1.2.0)
help-release-sign--counter = セキュリティカウンター。機器は、確定済みの値より小さいリリースを拒否する
help-release-sign--keys = 秘密鍵のフォルダー
help-release-sign--output = 署名済みメタデータの出力先
help-release-sign--days = メタデータの期限までの日数
help-release-publish = 署名済みリリースとファイルをサーバーへ送る
help-release-publish--folder = リリースのファイルがあるフォルダー
help-release-publish--targets = 署名済みメタデータ
help-release-verify = 署名済みメタデータを検証する。--folder を付けるとファイルも照合する
help-release-verify--targets = 署名済みメタデータ
help-release-verify--keys = 公開鍵のフォルダー
help-release-verify--folder = ファイルのフォルダー
help-campaign = リリースを機器に配信する
help-campaign-create = 公開済みのリリースを、ある役割の全機器に配信する
help-campaign-create--release = リリースの版
help-campaign-create--role = リリースの対象製品(= 機器の役割)
help-campaign-status = 各機器が動かしているリリースと、直近の更新の結果を表示する
help-events = セキュリティイベントを閲覧し、連鎖を検証する
help-events-tail = 最新のイベントを表示する。--follow で以後のイベントも待ち受ける
help-events-tail--lines = 件数
help-events-tail--follow = 終了せず、届いたイベントを表示し続ける
help-events-search = 機器やコードを指定してイベントを表示する
help-events-search--device = 機器の名前
help-events-search--code = コード(例 message.refused)
help-events-search--limit = 最大件数
help-events-verify = イベントの連鎖を検証し、改ざんがあれば場所を示す
help-status = 機器・台帳・ゲートウェイの概況を表示する
help-prove = 何が要求され、何が・いつ・どの検査で観測されたかを示す
help-prove--standard = この規格の要件だけに絞る(cra、etsi、jc-star、nist、csf、800-171、62443、mic、cpsf、owasp)
help-prove--format = 報告書の形式: text(端末向け)、html(1 ファイルで完結)、json(プログラム向け)
help-prove--output = 標準出力の代わりに書き出すファイル
help-ledger = 台帳を表示・検証する
help-ledger-show = 最新のチェックポイント(件数・ルート・署名)を表示する
help-ledger-fsck = 台帳全体を再計算し、すべての署名を検証する。改ざんがあれば場所を示し、終了コード 3
help-witness = 別組織の証人として動き、台帳に連署する
help-witness-init = 証人の鍵を作り、`sekimori up --witness` に渡す行を表示する
help-witness-init--name = 署名に入る証人の名前(例 partner.example/w1)
help-witness-init--listen = 待ち受けるアドレス (HTTPS)
help-witness-run = 以前に見た台帳の続きであるチェックポイントにだけ連署する
help-witness-run--log = 連署する台帳の鍵。`sekimori up` や `sekimori status` が表示する
help-witness-run--listen = init で指定したアドレスの代わりに待ち受けるアドレス
help-console = コンソールを開く
help-console-link = コンソールへの 1 回限りのリンクを新しく発行する
help-config = 有効な設定を表示する
help-config-show = 有効な設定をすべて表示する
help-config-show--origin = 由来(フラグ・環境変数・ファイル・既定)も示す
help-agent = 機器のエージェント(このプログラムだけを載せた機械のため)
help-agent--arguments = エージェントへの引数
