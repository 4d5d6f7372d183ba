/* confine: from then on the process can read and write what it has open, use memory, threads and the time,
 * and end; nothing else. No file is opened, no socket made, no program run, no page made executable, whatever
 * is in a pack. By seccomp (seccomp(2)), without a library; what is not permitted fails with EPERM. */
#ifndef ENT_AUDIT_CONFINE_H
#define ENT_AUDIT_CONFINE_H

/* NULL: done. Else why not, in words: this kernel, this processor, or a build with a sanitizer or for
 * coverage, which open files of their own. Threads begun later are confined too. */
const char *confine(void);

#endif
