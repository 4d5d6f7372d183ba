/* Functions whose use is nearly always a bug. Included by base/base.h, so by every source file. */
#ifndef ENT_BASE_BANNED_H
#define ENT_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets
#pragma GCC poison localtime gmtime ctime asctime strtok atoi atol atof rand srand

#endif
