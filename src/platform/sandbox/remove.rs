//! The removal of a folder that a program had for its own.

use std::path::Path;

/// Removes a folder, whatever was put into it and however it was locked. What cannot be removed stays.
pub fn remove_whole(folder: &Path) {
    if std::fs::remove_dir_all(folder).is_err() {
        unlock(folder);
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// Gives the owner back what a program took from itself, folder by folder; links are not followed.
fn unlock(folder: &Path) {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    let _ = std::fs::set_permissions(folder, mode);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            unlock(&entry.path());
        }
    }
}
