# What answers say that refuse something, in Japanese, by code. English stands where each is made;
# $message is that sentence, for what comes from another part and has only one language.

sk-api-001 = { $what } はありません
sk-api-002 = 要求を解釈できません
sk-api-003 = 要求が大きすぎます
sk-api-004 = この送信元からの要求が多すぎます
    .fix = { $seconds } 秒後にやり直してください
sk-api-005 = このメソッドには応答しません（{ $message }）
sk-api-006 = ファイルにその範囲のバイトはありません
sk-api-007 = 証明書を示さない相手には、有効なポリシーがこの窓口を開いていません

sk-cmd-001 = { $device } は接続していません
    .fix = 再び報告が届くまで待ってください。コマンドは保留されません
sk-cmd-002 = { $device } はこのコマンドを受け付けていません
    .fix = フローの ID と、機器のソフトウェアがそれを知っているかを確かめてください
sk-cmd-003 = ポリシーがこのコマンドを通しません（{ $reason }）
    .fix = フローとペイロードをモデルと照らし合わせてください
sk-cmd-004 = { $device } から時間内に応答がありませんでした。実行された可能性はあります
    .fix = やり直す前に、最新の報告を確かめてください
sk-cmd-005 = コマンドを届けられませんでした（{ $reason }）
    .fix = やり直してください

sk-dev-001 = 機器の証明書が必要です
    .fix = 登録時に受け取った証明書を提示してください
sk-dev-002 = その機器は登録されていません
sk-dev-003 = この名前の機器には有効な鍵があります
    .fix = 別の名前を使うか、失効させてください:  sekimori device revoke { $device }
sk-dev-004 = 機器は隔離中です。修復用のリソースだけを使えます
    .fix = インストール済みのリリースを復元してから報告してください
sk-dev-005 = 機器の状態では、それはできません（{ $message }）
sk-dev-006 = 証明書の期限が切れています
    .fix = 更新してください:  POST /.well-known/est/simplereenroll
sk-dev-007 = ポリシーに役割 { $role } はありません
    .fix = ここにある役割を使うか、モデルにコンポーネントを加えて適用してください
sk-dev-008 = { $device } は、このシステム自身の部分の名前です
    .expected = gateway と server 以外の名前
    .fix = 機器の設置場所や製造番号など、別の名前を使ってください

sk-enr-001 = 名前かコードが違うか、招待が使用済みです
    .fix = 両方を確かめるか、運用者に新しい招待を頼んでください
sk-enr-002 = 招待が使用済みか、期限切れです
    .fix = 機器を招待し直してください。古いコードは使えません
sk-enr-003 = 証明書の要求を受け付けられません（{ $message }）
sk-enr-004 = この鍵はすでに知られています
    .fix = 二つの装置が同じ鍵を持つなら失効させ、そうでなければ機器に新しい鍵を作らせてください
sk-enr-005 = 証明書を更新できません（{ $message }）
sk-enr-006 = 機器の名前とワンタイムコードが必要です
    .expected = HTTP Basic。ユーザー名に機器の名前、パスワードにコード

sk-evi-001 = モデルは規格 { $standard } を求めていません
    .fix = モデルの  regimes  に加えて適用するか、ここにある規格を指定してください
sk-evi-002 = このサーバーは報告書を作りません
    .fix = sekimori up  で起動したサーバーに求めてください
sk-evi-003 = この形式の報告書は、ここでは作れません
    .fix = { $fix }

sk-led-001 = 記録しましたが、必要な数の組織がまだ連署していません
    .fix = もう一度尋ねてください。何も失われず、二重にもなりません
sk-led-002 = 台帳にある事実と矛盾します（{ $message }）

sk-opr-001 = 運用者としてのサインインが必要です
    .fix = サーバーで  sekimori console link  が表示するリンクを開いてください
sk-opr-002 = このサーバー自身のページからの要求ではありません
    .fix = コンソールを使うか、プログラムからは制御ソケットを使ってください
sk-opr-003 = このリンクは使用済みか、期限切れです
    .fix = サーバーで新しく作ってください:  sekimori console link

sk-pol-001 = モデルに { $count } 件の問題があります
sk-pol-002 = まだモデルが適用されていません

sk-evi-010 = ファイルが空です
sk-evi-011 = ファイルが大きすぎて添付できません
    .fix = ファイルの保管場所とハッシュを書いた文書を添付してください
sk-evi-012 = 文書は一つ以上の項目を対象とします
    .fix = 対象を指定してください:  --for CSA-4.7 --for ETSI-5.1-1
sk-evi-013 = 期限の日がすでに過ぎています
    .fix = 先の日付を指定してください:  --until 2027-12-31
sk-evi-014 = その ID の管理策・項目・要件はありません
    .expected = CSA-4.7、ETSI-5.1-1、REQ-TAMPER-door のような ID
    .fix = sekimori prove --json  で一覧できます
sk-evi-015 = 文書のファイルがないか、変更されています
    .fix = HOME/documents のバックアップからファイルを戻してください
sk-evi-016 = これ以上の文書を置く余地がありません
sk-evi-017 = 結果を読めません: { $why }
    .fix = 形式を確かめるか、読まずに添付してください:  sekimori evidence attach
sk-evi-018 = その文書はないか、すでに取り下げられています
    .fix = sekimori evidence list

sk-rel-001 = これらの鍵はリリースの根にできません（{ $message }）
    .expected = 互いに異なる Ed25519 鍵 1~16 個と、それで届く閾値
sk-rel-002 = 内容が名前の示すものと違います
sk-rel-003 = まだ誰もリリースを許されていません
sk-rel-004 = リリースの署名かメタデータが正しくありません（{ $message }）
    .fix = リリースの根にある鍵で署名してください
sk-rel-005 = この版は、別の内容ですでに公開されています（{ $message }）
    .fix = リリースに新しい版番号を付けてください
sk-rel-006 = リリースのファイルのうち { $count } 個がここにありません
    .fix = 先に各ファイルを送ってください:  PUT /api/v1/blobs/<sha256>

sk-srv-004 = ストアが書き込みか読み出しをできませんでした（{ $message }）
    .fix = ホームのあるディスクの空きと権限を確かめてください。書き込みは自動で再開します
sk-srv-009 = サーバーの処理に失敗しました（{ $message }）
    .fix = サーバーのログを確かめてから、 sekimori doctor  を実行してください
