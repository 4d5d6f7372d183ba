/* store_disk: the file that the vote journal lives in. */
#ifndef ENT_STORE_STORE_DISK_H
#define ENT_STORE_STORE_DISK_H

#include "store/journal.h"

/* Opens the file, or with create makes an empty one (mode 0600) where none is. It is locked: ST_LOCKED when
 * another process has it open. ST_NOTFOUND, ST_NOSPACE, ST_IO. sync is fdatasync of the file; on its first
 * call also fsync of the directory. */
MUST_USE enum status store_disk_open(const char *path, bool create, struct disk_file *ret_file,
                                     struct err *err);
/* Accepts a zeroed struct. No journal may be open on it. */
void store_disk_close(struct disk_file *f);

/* What journal_identity.machine holds: SHA-256 of the text of machine_id_path (usually /etc/machine-id;
 * absent counts as empty), the file system's id (statfs f_fsid, which unlike st_dev survives a reboot where
 * disks change places) and the file's inode. A copy within the machine has another inode; a copy elsewhere
 * another machine id. An image of a whole disk started as a second machine looks the same: only the partners
 * can tell. */
MUST_USE enum status store_disk_machine(const struct disk_file *f, const char *machine_id_path,
                                        struct hash *ret_machine, struct err *err);

#endif
