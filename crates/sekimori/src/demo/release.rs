//! Releases for the demo's devices: this program as their payload, with settings and a file.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::process;
use super::steps::Broken;
use super::world::World;

/// What distinguishes one release of the demo from another.
pub(super) struct Release<'a> {
    pub(super) product: &'a str,
    pub(super) version: &'a str,
    pub(super) counter: u64,
    /// Content of `etc/settings.toml`.
    pub(super) settings: String,
    /// Name of the folder of the key that signs.
    pub(super) keys: &'a str,
}

/// Puts the files together, signs them away from the server, and publishes them.
pub(super) async fn publish(world: &World, release: &Release<'_>) -> Result<(), Broken> {
    let folder = assemble(world, release)?;
    let keys = world.folder().join(release.keys);
    let targets = folder.with_extension("targets.json");
    let home = world.server_home();
    if !keys.exists() {
        process::output(
            world.program(),
            [
                "release".as_ref(),
                "keys".as_ref(),
                "--dir".as_ref(),
                keys.as_os_str(),
            ],
        )
        .await?;
    }
    let counter = release.counter.to_string();
    process::output(
        world.program(),
        [
            "release".as_ref(),
            "sign".as_ref(),
            folder.as_os_str(),
            "--product".as_ref(),
            release.product.as_ref(),
            "--version".as_ref(),
            release.version.as_ref(),
            "--counter".as_ref(),
            counter.as_ref(),
            "--keys".as_ref(),
            keys.as_os_str(),
            "--output".as_ref(),
            targets.as_os_str(),
        ],
    )
    .await?;
    process::output(
        world.program(),
        [
            "release".as_ref(),
            "publish".as_ref(),
            folder.as_os_str(),
            "--targets".as_ref(),
            targets.as_os_str(),
            "--home".as_ref(),
            home.as_os_str(),
        ],
    )
    .await
    .map(drop)
}

/// Records the public key of a folder on the ledger, so that devices believe it.
pub(super) async fn trust(world: &World, keys: &str) -> Result<(), Broken> {
    let (keys, home) = (world.folder().join(keys), world.server_home());
    process::output(
        world.program(),
        [
            "release".as_ref(),
            "keys".as_ref(),
            "--trust".as_ref(),
            "--dir".as_ref(),
            keys.as_os_str(),
            "--home".as_ref(),
            home.as_os_str(),
        ],
    )
    .await
    .map(drop)
}

fn assemble(world: &World, release: &Release<'_>) -> Result<PathBuf, Broken> {
    let folder = world
        .folder()
        .join(format!("release-{}-{}", release.product, release.version));
    let agent = folder.join("bin").join("agent");
    for part in ["bin", "etc", "share"] {
        std::fs::create_dir_all(folder.join(part))?;
    }
    copy(world.program(), &agent)?;
    std::fs::write(folder.join("etc").join("settings.toml"), &release.settings)?;
    let calibration: Vec<u8> = (0u8..=255).cycle().take(4096).collect();
    std::fs::write(folder.join("share").join("calibration.bin"), calibration)?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> Result<(), Broken> {
    std::fs::copy(from, to)?;
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o755))?;
    Ok(())
}
