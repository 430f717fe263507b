// SPDX-License-Identifier: GPL-2.0
/*
 * capture-file.c - a capture as a file: checked before it is believed, and written
 * as a whole or not at all.
 *
 * THE FILE
 *
 *	 0  8  89 'M' 'M' 'S' 0d 0a 1a 0a: neither a text nor one that a transfer
 *	       of texts has been at
 *	 8  4  the version, 1
 *	12  4  0
 *	16  8  bytes that follow the header, to the end of the file
 *	24  8  bytes that they are unpacked
 *	32  4  CRC-32 of what follows the header
 *	36  4  CRC-32 of the 36 bytes before
 *	40     what capture-code.c tells of, in the zlib format
 *
 * Numbers are little-endian.  The checks are made in that order, so that nothing
 * is unpacked that is not what was written.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "capture.h"

#define HEADER		40
#define VERSION		1
/* zlib makes at most so many of one. */
#define RATIO_MAX	1032

static const uint8_t magic[8] = { 0x89, 'M', 'M', 'S', '\r', '\n', 0x1a, '\n' };

static void store(uint8_t *at, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		at[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t load(const uint8_t *at, int bytes)
{
	uint64_t v = 0;

	for (int i = bytes; i-- > 0;)
		v = v << 8 | at[i];
	return v;
}

static uint32_t crc(const uint8_t *data, size_t len)
{
	return (uint32_t)crc32_z(0, data, len);
}

/* ---- in memory ------------------------------------------------------------- */

static int too_large(const char *what, struct mms_error *err)
{
	return mms_fail(err, MMS_FAILED, NULL, what, "too large for a capture (1G)");
}

int mmsi_capture_seal(const struct mms_capture *c, struct mmsi_bytes *file, struct mms_error *err)
{
	struct mmsi_bytes body = { 0 };
	uint8_t *out = NULL;
	uLongf len = 0;
	int ret = mmsi_capture_pack(c, &body, err);

	if (!ret && body.len > MMSI_CAPTURE_MAX)
		ret = too_large("the capture", err);
	if (!ret) {
		len = compressBound(body.len);
		out = malloc(HEADER + len);
		if (!out || compress2(out + HEADER, &len, body.data, body.len, 6) != Z_OK)
			ret = mmsi_nomem(err);
	}
	free(body.data);
	if (ret) {
		free(out);
		return ret;
	}
	memcpy(out, magic, sizeof(magic));
	store(out + 8, VERSION, 4);
	store(out + 12, 0, 4);
	store(out + 16, len, 8);
	store(out + 24, body.len, 8);
	store(out + 32, crc(out + HEADER, len), 4);
	store(out + 36, crc(out, 36), 4);
	*file = (struct mmsi_bytes){ .data = out, .len = HEADER + len, .room = HEADER + len };
	return 0;
}

/* The header, and that all that belongs to it is there unaltered. */
static int check(const uint8_t *data, size_t len, const char *what, struct mms_error *err)
{
	size_t same = len < sizeof(magic) ? len : sizeof(magic);
	uint64_t packed, unpacked;

	if (!len)
		return mms_fail(err, MMS_FAILED, NULL, what, "no capture: the file is empty");
	if (memcmp(data, magic, same))
		return mms_fail(err, MMS_FAILED, "captures are made by: mmscope snapshot PID -o FILE",
				what, "no capture: it does not begin like one");
	if (len < HEADER)
		return mms_fail(err, MMS_FAILED, NULL, what,
				"cut short: %zu of the %d bytes of its header are there", len, HEADER);
	if (load(data + 36, 4) != crc(data, 36))
		return mms_fail(err, MMS_FAILED, NULL, what,
				"damaged: the checksum of its header does not fit");
	if (load(data + 8, 4) != VERSION || load(data + 12, 4))
		return mms_fail(err, MMS_FAILED, "read it with the mmscope that made it, or a later one",
				what, "a capture of version %u; this mmscope reads version %u",
				(unsigned int)load(data + 8, 4), VERSION);
	packed = load(data + 16, 8);
	unpacked = load(data + 24, 8);
	if (packed > len - HEADER)
		return mms_fail(err, MMS_FAILED, NULL, what, "cut short: %zu of %llu bytes are there",
				len, (unsigned long long)packed + HEADER);
	if (packed < len - HEADER)
		return mms_fail(err, MMS_FAILED, NULL, what, "damaged: it goes on behind its end");
	if (load(data + 32, 4) != crc(data + HEADER, packed))
		return mms_fail(err, MMS_FAILED, NULL, what,
				"damaged: the checksum of what it holds does not fit");
	if (unpacked > MMSI_CAPTURE_MAX)
		return too_large(what, err);
	if (unpacked > RATIO_MAX * packed)
		return mms_fail(err, MMS_FAILED, NULL, what,
				"no sound capture: it cannot hold as much as it says");
	return 0;
}

int mmsi_capture_unseal(struct mms_capture *c, const uint8_t *data, size_t len, const char *what,
			struct mms_error *err)
{
	uLongf unpacked, got;
	uLong used;
	uint8_t *body;
	int ret;

	if (check(data, len, what, err))
		return -1;
	unpacked = got = load(data + 24, 8);
	used = len - HEADER;
	body = malloc(unpacked + 1);
	if (!body)
		return mmsi_nomem(err);
	ret = uncompress2(body, &got, data + HEADER, &used);
	if (ret == Z_MEM_ERROR)
		ret = mmsi_nomem(err);
	else if (ret != Z_OK || got != unpacked || used != len - HEADER)
		ret = mms_fail(err, MMS_FAILED, NULL, what,
			       "no sound capture: its checksum fits, but it does not unpack");
	else
		ret = mmsi_capture_unpack(c, body, unpacked, what, err);
	free(body);
	return ret;
}

/* ---- from a file ----------------------------------------------------------- */

/* What has been read is more than a capture has, or none: the rest makes no difference. */
static bool is_enough(const struct mmsi_bytes *b)
{
	if (b->len < HEADER)
		return false;
	return memcmp(b->data, magic, sizeof(magic)) || load(b->data + 36, 4) != crc(b->data, 36) ||
	       b->len - HEADER > load(b->data + 16, 8);
}

static int read_all(int fd, const char *path, struct mmsi_bytes *b, struct mms_error *err)
{
	static const size_t step = 65536;
	uint8_t *buf = malloc(step);
	ssize_t n = -1;

	while (buf && !b->failed && !is_enough(b) && b->len <= MMSI_CAPTURE_MAX) {
		n = read(fd, buf, step);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		mmsi_bytes_add(b, buf, (size_t)n);
	}
	free(buf);
	if (!buf || b->failed)
		return mmsi_nomem(err);
	if (n < 0)
		return mmsi_fail_file(path, errno, err);
	return b->len > MMSI_CAPTURE_MAX ? too_large(path, err) : 0;
}

int mms_capture_read(const char *path, struct mms_capture **capture, struct mms_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;
	struct mmsi_bytes file = { 0 };
	struct mms_capture *c;

	if (fd < 0)
		return mmsi_fail_file(path, errno, err);
	ret = read_all(fd, path, &file, err);
	close(fd);
	c = ret ? NULL : mmsi_capture_new();
	if (!ret && !c)
		ret = mmsi_nomem(err);
	if (!ret)
		ret = mmsi_capture_unseal(c, file.data, file.len, path, err);
	free(file.data);
	if (ret)
		mms_capture_free(c);
	else
		*capture = c;
	return ret;
}

/* ---- to a file ------------------------------------------------------------- */

int mms_capture_write(const struct mms_capture *c, const char *path, struct mms_error *err)
{
	struct mmsi_bytes file = { 0 };
	int ret;

	if (mmsi_file_check(path, err) || mmsi_capture_seal(c, &file, err))
		return -1;
	ret = mms_file_write(path, file.data, file.len, 0600, err);
	free(file.data);
	return ret;
}
