package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.training.BatchOrder.Order;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BatchOrderTest {
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @TempDir
    private Path folder;

    /** Data in which the id at each index is the index. */
    private static TokenData counted(int size) {
        return TokenData.of(IntStream.range(0, size).toArray());
    }

    /** Shards of these sizes; the id at an index is 1000 · shard + index. */
    private TokenData shards(int... sizes) throws IOException {
        List<Path> files = new ArrayList<>();
        for (int shard = 0; shard < sizes.length; shard++) {
            int first = 1000 * shard;
            int[] ids = IntStream.range(first, first + sizes[shard]).toArray();
            files.add(
                    Files.write(folder.resolve(shard + ".bin"), TokenDataTest.shard(20240520, 1, ids.length, 2, ids)));
        }
        return TokenData.open(files, null, 65536, share -> {});
    }

    @Test
    void eachEpochContainsEveryWindowOnceInItsOwnOrder() throws IOException {
        for (int round = 0; round < 50; round++) {
            int length = 1 + random.nextInt(9);
            try (TokenData data = shards(1 + random.nextInt(90), 10 + random.nextInt(90), 1 + random.nextInt(90))) {
                List<Integer> expected = new ArrayList<>();
                for (int shard = 0; shard < 3; shard++) {
                    for (int at = 0; at + length < data.size(shard); at += length) {
                        expected.add(1000 * shard + at);
                    }
                }
                BatchOrder order = new BatchOrder(data, Order.EPOCH, length, seed + round);
                assertThat(order.windows()).isEqualTo(expected.size());
                List<Integer> first = starts(order, expected.size(), length);
                List<Integer> second = starts(order, expected.size(), length);
                assertThat(first).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(expected);
                assertThat(second).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(expected);
                if (expected.size() > 12) {
                    assertThat(first).as("seed %d", seed).isNotEqualTo(second).isNotEqualTo(expected);
                }
            }
        }
    }

    /**
     * Returns the first ids of the next windows, read in batches of random sizes; checks that each window is
     * contiguous.
     */
    private List<Integer> starts(BatchOrder order, int count, int length) {
        List<Integer> starts = new ArrayList<>();
        for (int rows; starts.size() < count;) {
            rows = 1 + random.nextInt(Math.min(5, count - starts.size()));
            int[] ids = new int[rows * length];
            int[] targets = new int[rows * length + 1];
            order.next(ids, targets, rows);
            for (int row = 0; row < rows; row++) {
                int start = ids[row * length];
                starts.add(start);
                assertThat(Arrays.copyOfRange(ids, row * length, (row + 1) * length))
                        .isEqualTo(IntStream.range(start, start + length).toArray());
                assertThat(Arrays.copyOfRange(targets, row * length, (row + 1) * length))
                        .isEqualTo(IntStream.range(start + 1, start + length + 1).toArray());
            }
        }
        return starts;
    }

    /** Shards are drawn uniformly, and within a shard all starts from 0 to size − T − 1. */
    @Test
    void randomOrderIsUniformOverShardsAndStarts() throws IOException {
        int[] sizes = {6, 13};
        int batches = 40_000;
        long[][] drawn = {new long[2], new long[9]};
        try (TokenData data = shards(sizes)) {
            BatchOrder order = new BatchOrder(data, Order.RANDOM, 4, seed);
            assertThat(order.windows()).isEqualTo(2 + 9);
            for (int i = 0; i < batches; i++) {
                List<Integer> starts = new ArrayList<>();
                int[] ids = new int[12];
                int[] targets = new int[12];
                order.next(ids, targets, 3);
                for (int row = 0; row < 3; row++) {
                    starts.add(ids[4 * row]);
                    assertThat(targets[4 * row + 3]).isEqualTo(ids[4 * row] + 4);
                    drawn[ids[0] / 1000][ids[4 * row] % 1000]++;
                }
                assertThat(starts).as("a batch comes from one shard")
                        .allMatch(start -> start / 1000 == starts.get(0) / 1000);
            }
        }
        for (long[] starts : drawn) {
            // 5 standard deviations; a shard's deviation is 3 times the deviation of independent rows
            double expected = 1.5 * batches / starts.length;
            for (long count : starts) {
                assertThat((double) count).as("seed %d: %s", seed, Arrays.toString(starts))
                        .isBetween(expected - 5 * 3 * Math.sqrt(expected), expected + 5 * 3 * Math.sqrt(expected));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Order.class)
    void aRestoredOrderContinuesExactly(Order kind) {
        TokenData data = counted(500);
        BatchOrder straight = new BatchOrder(data, kind, 7, seed);
        starts(straight, 40 + random.nextInt(200), 7);
        long[] state = straight.state();
        BatchOrder resumed = new BatchOrder(data, kind, 7, 0);
        resumed.restore(state);
        assertThat(resumed.taken()).isEqualTo(straight.taken());
        for (int i = 0; i < 100; i++) {
            int[][] batches = new int[4][21];
            straight.next(batches[0], batches[1], 3);
            resumed.next(batches[2], batches[3], 3);
            assertThat(batches[2]).as("seed %d", seed).isEqualTo(batches[0]);
            assertThat(batches[3]).isEqualTo(batches[1]);
        }
        assertThat(resumed.state()).isEqualTo(straight.state());
    }

    @ParameterizedTest
    @EnumSource
    void theSeedDeterminesTheOrder(Order kind) {
        TokenData data = counted(2000);
        int[][] batches = new int[6][100];
        new BatchOrder(data, kind, 5, 1).next(batches[0], batches[1], 20);
        new BatchOrder(data, kind, 5, 1).next(batches[2], batches[3], 20);
        new BatchOrder(data, kind, 5, 2).next(batches[4], batches[5], 20);
        assertThat(batches[2]).isEqualTo(batches[0]);
        assertThat(batches[4]).isNotEqualTo(batches[0]);
    }

    @Test
    void stateOfOtherDataIsRejected() {
        BatchOrder order = new BatchOrder(counted(500), Order.EPOCH, 7, 1);
        for (BatchOrder other : List.of(
                new BatchOrder(counted(600), Order.EPOCH, 7, 1), new BatchOrder(counted(500), Order.EPOCH, 8, 1),
                new BatchOrder(counted(500), Order.RANDOM, 7, 1))) {
            assertThatThrownBy(() -> order.restore(other.state())).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("expected EPOCH (1) with a context of 7 and 71 windows");
        }
        assertThatThrownBy(() -> order.restore(new long[] {1})).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> order.restore(new long[] {1, 7, 71, 0, -1}))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void tooLittleDataIsRejected() throws IOException {
        assertThat(new BatchOrder(counted(8), Order.EPOCH, 7, 0).windows()).isEqualTo(1);
        assertThat(new BatchOrder(counted(8), Order.RANDOM, 7, 0).windows()).isEqualTo(1);
        assertThatThrownBy(() -> new BatchOrder(counted(7), Order.EPOCH, 7, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("data: expected a shard of 8 ids or more").hasMessageContaining("found 7 ids");
        try (TokenData data = shards(20, 7)) {
            assertThat(new BatchOrder(data, Order.EPOCH, 7, 0).windows()).isEqualTo(2);
            assertThatThrownBy(() -> new BatchOrder(data, Order.RANDOM, 7, 0))
                    .hasMessage("data: shard 1: expected 8 ids or more, one more than the context, found 7");
        }
        assertThatThrownBy(() -> new BatchOrder(counted(7), Order.EPOCH, 0, 0))
                .hasMessage("contextLength: expected 1 or more, found 0");
        BatchOrder order = new BatchOrder(counted(8), Order.EPOCH, 7, 0);
        assertThatThrownBy(() -> order.next(new int[7], new int[6], 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> order.next(new int[7], new int[7], 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 16, 17, 255, 256, 257, 1000})
    void permutationsReachEveryIndex(long size) {
        long key = random.nextLong();
        assertThat(LongStream.range(0, size).map(i -> BatchOrder.permute(i, size, key)).sorted().toArray())
                .as("seed %d", seed).isEqualTo(LongStream.range(0, size).toArray());
    }

    /** Over many keys, the image of the first index and the distance of neighbours are uniform. */
    @Test
    void permutationsAreUniform() {
        int size = 100;
        int keys = 100_000;
        int[] places = new int[size];
        int[] differences = new int[size];
        for (int i = 0; i < keys; i++) {
            long key = random.nextLong();
            int first = (int) BatchOrder.permute(0, size, key);
            places[first]++;
            differences[Math.floorMod((int) BatchOrder.permute(1, size, key) - first, size)]++;
        }
        double expected = (double) keys / size;
        assertThat(IntStream.of(places)).as("seed %d", seed)
                .allMatch(count -> Math.abs(count - expected) < 6 * Math.sqrt(expected));
        assertThat(differences[0]).isZero();
        assertThat(IntStream.of(differences).skip(1)).as("seed %d", seed)
                .allMatch(count -> Math.abs(count - expected) < 6 * Math.sqrt(expected));
    }

    @Test
    void indicesBeyondAnIntAreDrawn() {
        long size = 1L << 40;
        long[] places = LongStream.range(0, 1000).map(i -> BatchOrder.permute(i, size - 3, seed)).toArray();
        assertThat(LongStream.of(places)).allMatch(place -> place >= 0 && place < size - 3);
        assertThat(LongStream.of(places).filter(place -> place > size / 2).count()).as("seed %d", seed)
                .isBetween(400L, 600L);
        assertThat(LongStream.of(places).distinct()).hasSize(1000);
    }
}
