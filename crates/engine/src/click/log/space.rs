//! The folder of the log: its lock, its identity, its segment files, and the reserve of preallocated ones.
//!
//! ```text
//! lock                held while the log is open
//! identity            16 hex characters, written once
//! 000000000007.log    segments, numbered upwards; a number is never used for two contents
//! 000000000003.spare  the reserve: segment-sized files whose blocks belong to us already
//! ```
//!
//! A full disk thus leaves room for the rest of the open segment and the reserve. Recycled files are also
//! faster than new ones: overwriting written blocks spares the file system a journal commit with every sync.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use super::format::{self, Identity};
use super::{LogConfig, LogError};

/// The locked folder of one log.
pub(super) struct Space {
    dir: PathBuf,
    dir_handle: File,
    lock: File,
    identity: Identity,
    segment_bytes: u64,
    reserve_segments: usize,
    reserve: Mutex<Reserve>,
}

struct Reserve {
    spares: Vec<PathBuf>,
    /// Number for the name of the next spare.
    next: u64,
}

/// A segment file that was just put in place.
pub(super) struct Fresh {
    pub path: PathBuf,
    pub file: File,
}

impl Space {
    /// Locks the folder, creating it if need be, and reads or sets the identity.
    pub(super) fn open(config: &LogConfig, identity: &str) -> Result<Space, LogError> {
        let dir = config.dir.clone();
        fs::create_dir_all(&dir).map_err(LogError::io("create", &dir))?;
        let dir_handle = File::open(&dir).map_err(LogError::io("open", &dir))?;
        let lock = lock(&dir)?;
        let identity = stored_identity(&dir, &dir_handle, identity)?;
        let space = Space {
            dir,
            dir_handle,
            lock,
            identity,
            segment_bytes: config.segment_bytes,
            reserve_segments: config.reserve_segments,
            reserve: Mutex::new(Reserve { spares: Vec::new(), next: 1 }),
        };
        space.adopt_spares()?;
        Ok(space)
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Number and path of each segment file, in order.
    pub(super) fn segments(&self) -> Result<Vec<(u64, PathBuf)>, LogError> {
        self.files("log").map_err(LogError::io("list", &self.dir))
    }

    /// Puts a file in place as segment `number`, from the reserve or newly allocated, and makes its name
    /// durable.
    pub(super) fn create_segment(&self, number: u64) -> io::Result<Fresh> {
        let spare = self.reserve().spares.pop();
        let from = match spare {
            Some(spare) => spare,
            None => self.allocate()?,
        };
        let path = self.dir.join(format!("{number:012}.log"));
        let place = || -> io::Result<File> {
            let file = OpenOptions::new().read(true).write(true).open(&from)?;
            // The header first: were a file renamed with an old header, a crash in between would leave a
            // segment that contradicts its name. The first group's sync makes the header durable too.
            file.write_all_at(&format::header(number, &self.identity), 0)?;
            fs::rename(&from, &path)?;
            self.dir_handle.sync_all()?;
            Ok(file)
        };
        match place() {
            Ok(file) => Ok(Fresh { path, file }),
            Err(error) if error.kind() == io::ErrorKind::StorageFull && from.exists() => {
                // Its blocks are what a full disk would not give again.
                self.reserve().spares.push(from);
                Err(error)
            }
            Err(error) => {
                // A file that failed is not trusted with clicks again. One of the two names does not exist.
                let _ = fs::remove_file(&from);
                let _ = fs::remove_file(&path);
                Err(error)
            }
        }
    }

    /// Takes a drained segment's file into the reserve, or deletes it when that is full.
    pub(super) fn recycle(&self, path: &Path) -> Result<(), LogError> {
        let size = fs::metadata(path).map_err(LogError::io("inspect", path))?.len();
        let mut reserve = self.reserve();
        if size != self.segment_bytes || reserve.spares.len() >= self.reserve_segments {
            drop(reserve);
            return remove(path);
        }
        let spare = reserve.name(&self.dir);
        fs::rename(path, &spare).map_err(LogError::io("recycle", path))?;
        reserve.spares.push(spare);
        Ok(())
    }

    /// Allocates what the reserve lacks.
    pub(super) fn fill_reserve(&self) -> io::Result<()> {
        while self.reserve_lacks() {
            let spare = self.allocate()?;
            let mut reserve = self.reserve();
            if reserve.spares.len() < self.reserve_segments {
                reserve.spares.push(spare);
            } else {
                // A drained segment took the place meanwhile.
                drop(reserve);
                fs::remove_file(spare)?;
            }
        }
        Ok(())
    }

    pub(super) fn reserve_lacks(&self) -> bool {
        self.reserve_len() < self.reserve_segments
    }

    pub(super) fn reserve_len(&self) -> usize {
        self.reserve().spares.len()
    }

    /// Allocates a spare file on the disk.
    fn allocate(&self) -> io::Result<PathBuf> {
        // An allocation that cannot succeed would first take all there is, and starve whoever shares the
        // disk.
        let disk = rustix::fs::fstatvfs(&self.dir_handle)?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < self.segment_bytes {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let path = self.reserve().name(&self.dir);
        let allocated = File::create(&path).and_then(|file| allocate(&file, self.segment_bytes));
        match allocated {
            Ok(()) => Ok(path),
            Err(error) => {
                let _ = fs::remove_file(&path);
                Err(error)
            }
        }
    }

    /// Takes over the spares of the last run, except those a crash left unfinished or another size was set
    /// for.
    fn adopt_spares(&self) -> Result<(), LogError> {
        let spares = self.files("spare").map_err(LogError::io("list", &self.dir))?;
        let mut reserve = self.reserve();
        for (number, path) in spares {
            reserve.next = number + 1;
            let size = fs::metadata(&path).map_err(LogError::io("inspect", &path))?.len();
            if size == self.segment_bytes && reserve.spares.len() < self.reserve_segments {
                reserve.spares.push(path);
            } else {
                remove(&path)?;
            }
        }
        Ok(())
    }

    /// The files `<number>.<extension>`, ordered by number.
    fn files(&self, extension: &str) -> io::Result<Vec<(u64, PathBuf)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
            if let Some(number) = number
                && path.extension().is_some_and(|found| found == extension)
            {
                files.push((number, path));
            }
        }
        files.sort_unstable();
        Ok(files)
    }

    fn reserve(&self) -> MutexGuard<'_, Reserve> {
        self.reserve.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Space {
    /// Closing the file is not enough: a process being started at this moment holds a copy of it until its
    /// exec.
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

impl Reserve {
    fn name(&mut self, dir: &Path) -> PathBuf {
        let number = self.next;
        self.next += 1;
        dir.join(format!("{number:012}.spare"))
    }
}

/// Deletes a segment's file.
pub(super) fn remove(path: &Path) -> Result<(), LogError> {
    fs::remove_file(path).map_err(LogError::io("delete", path))
}

fn lock(dir: &Path) -> Result<File, LogError> {
    let path = dir.join("lock");
    let file = File::create(&path).map_err(LogError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LogError::Locked(dir.to_path_buf())),
        Err(TryLockError::Error(source)) => Err(LogError::io("lock", &path)(source)),
    }
}

/// The identity the folder has, or `proposed` if it is new.
fn stored_identity(dir: &Path, dir_handle: &File, proposed: &str) -> Result<Identity, LogError> {
    let path = dir.join("identity");
    match fs::read_to_string(&path) {
        Ok(stored) => parse_identity(&stored),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let identity = parse_identity(proposed)?;
            // Written aside and renamed, so that a crash leaves no half identity.
            let draft = dir.join("identity.new");
            let store = || {
                let mut file = File::create(&draft)?;
                file.write_all(proposed.as_bytes())?;
                file.sync_all()?;
                fs::rename(&draft, &path)?;
                dir_handle.sync_all()
            };
            store().map_err(LogError::io("write", &path))?;
            Ok(identity)
        }
        Err(error) => Err(LogError::io("read", &path)(error)),
    }
}

fn parse_identity(text: &str) -> Result<Identity, LogError> {
    let hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match text.as_bytes().try_into() {
        Ok(identity) if hex => Ok(identity),
        _ => Err(LogError::Identity(text.to_owned())),
    }
}

/// Gives the file its blocks; where the file system cannot promise them (NFS, some FUSE), by writing zeros.
fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, bytes) {
        Ok(()) => Ok(()),
        Err(Errno::OPNOTSUPP) => {
            io::copy(&mut io::Read::take(io::repeat(0), bytes), &mut &*file)?;
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
