package io.github.t6j.attention;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.TestNumbers;
import io.github.t6j.cache.Page;
import java.lang.foreign.Arena;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Tests pages shared by sessions: computed once, equal for every thread and order of requests, and counted. */
@Isolated
class SharedPagesTest {
    private static final int SIZE = 6;
    private static final int VECTORS = 2;
    private static final int PAGES = 40;

    @Test
    void fixedVectorsAreRotatedByPositionWhicheverThreadComesFirst() {
        Rope rope = new Rope(SIZE, 0f);
        float[] vectors = TestNumbers.uniform(new Random(5), VECTORS * SIZE);
        try (Arena arena = Arena.ofShared()) {
            PositionPages pages = new SharedPages(rope, arena).rotated(vectors, SIZE);
            Page[] first = new Page[PAGES];
            IntStream.range(0, 4 * PAGES).parallel().forEach(i -> {
                int index = i * 7 % PAGES;
                Page page = pages.page(index);
                synchronized (first) {
                    assertThat(first[index]).isIn(null, page);
                    first[index] = page;
                }
            });
            float[] cos = new float[SIZE / 2];
            float[] sin = new float[SIZE / 2];
            for (int position = 0; position < 64 * PAGES; position += 13) {
                rope.table(position, cos, sin, 0);
                float[] expected = vectors.clone();
                rope.rotate(expected, 0, VECTORS, SIZE, cos, sin, 0);
                for (int c = 0; c < expected.length; c++) {
                    assertThat(pages.page(position / 64).column(position % 64, c)).isEqualTo(expected[c]);
                }
            }
        }
    }

    @Test
    void bytesCountAllPages() {
        try (Arena arena = Arena.ofShared()) {
            SharedPages shared = new SharedPages(new Rope(4, 0f), arena);
            assertThat(shared.bytes()).isZero();
            PositionPages keys = shared.rotated(new float[VECTORS * SIZE], SIZE);
            PositionPages tables = shared.tables();
            assertThat(shared.tables()).isSameAs(tables);
            assertThat(shared.elementsPerPosition()).isEqualTo(VECTORS * SIZE + 4);
            assertThat(shared.bytes()).isZero();
            keys.page(2);
            assertThat(shared.bytes()).isEqualTo(3 * 64 * 4 * VECTORS * SIZE);
            keys.page(0);
            tables.page(0);
            shared.columns(new float[10]);
            assertThat(shared.bytes()).isEqualTo(3 * 64 * 4 * VECTORS * SIZE + 64 * 4 * 4 + 64 * 4 * 10);
        }
    }

    /** Rotating columns gives the bits of rotating rows in every form. */
    @Test
    void rotatedColumnsHaveTheBitsOfRotatedRows() {
        Random random = new Random(9);
        for (int form = 0; form < 8; form++) {
            Rope rope = new Rope(
                    new Rope.Config(4, 0f, new Rope.Form((form & 1) > 0, (form & 2) > 0, (form & 4) > 0)));
            float[] columns = new float[SIZE * 64];
            float[] tables = new float[4 * 64];
            float[][] rows = new float[64][SIZE];
            for (int t = 0; t < 64; t++) {
                float[] cos = new float[2];
                float[] sin = new float[2];
                rope.table(1000 + t, cos, sin, 0);
                for (int i = 0; i < SIZE; i++) {
                    rows[t][i] = columns[i * 64 + t] = random.nextFloat();
                }
                for (int i = 0; i < 2; i++) {
                    tables[i * 64 + t] = cos[i];
                    tables[(2 + i) * 64 + t] = sin[i];
                }
                rope.rotate(rows[t], 0, 1, SIZE, cos, sin, 0);
            }
            rope.rotateColumns(columns, 0, tables, 0);
            for (int i = 0; i < SIZE * 64; i++) {
                assertThat(columns[i]).as("form " + form).isEqualTo(rows[i % 64][i / 64]);
            }
        }
    }
}
