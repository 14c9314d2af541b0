package io.github.t6j.training.data;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Fingerprint of the training data, checked on resume.
 *
 * @param ids number of ids
 * @param checksum CRC-32C of the sizes of all shards and of a sample of the ids of each, and of all targets and
 *     positions of packed documents
 */
public record DataFingerprint(long ids, long checksum) {
    private static final int PROBES = 64;
    private static final int PROBE = 64;

    /** Returns the fingerprint of {@code data}. */
    public static DataFingerprint of(Shards data) {
        CRC32C sum = new CRC32C();
        int[] ids = new int[PROBE];
        ByteBuffer bytes = ByteBuffer.allocate(PROBE * Integer.BYTES);
        for (int shard = 0; shard < data.count(); shard++) {
            long size = data.size(shard);
            sum.update(bytes.clear().putLong(size).flip());
            int count = (int) Math.min(PROBE, size);
            for (int probe = 0; probe < PROBES; probe++) {
                data.read(shard, (size - count) / (PROBES - 1) * probe, ids, 0, count);
                bytes.clear().asIntBuffer().put(ids, 0, count);
                sum.update(bytes.limit(count * Integer.BYTES));
            }
        }
        addTargets(data, sum);
        return new DataFingerprint(data.size(), sum.getValue());
    }

    private static void addTargets(Shards data, CRC32C sum) {
        int length = data.packedLength();
        if (length == 0) {
            return;
        }
        int[] targets = new int[length];
        int[] positions = new int[length];
        ByteBuffer bytes = ByteBuffer.allocate(2 * length * Integer.BYTES);
        for (long from = 0; from < data.size(); from += length) {
            data.readTargets(from, targets, positions, 0, length);
            bytes.clear().asIntBuffer().put(targets).put(positions);
            sum.update(bytes);
        }
    }
}
