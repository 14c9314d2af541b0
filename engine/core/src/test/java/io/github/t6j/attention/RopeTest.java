package io.github.t6j.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestData;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests tables and rotation against the official Rotary and RotaryDecay. */
class RopeTest {
    private static final String TABLES = "golden/rope_tables/tables.safetensors";

    private static List<String> tables(String prefix) {
        try (Checkpoint file = Checkpoint.open(TestData.path(TABLES), false)) {
            return file.tensors().keySet().stream()
                    .filter(name -> name.startsWith(prefix) && name.endsWith("/cos"))
                    .map(name -> name.substring(0, name.length() - "/cos".length()))
                    .filter(name -> !prefix.equals("d") || !name.startsWith("decay"))
                    .toList();
        }
    }

    @Test
    void roundedTablesMatchTheOfficialOnesExceptTheKnownEntry() {
        List<String> differences = new ArrayList<>();
        List<String> names = tables("d");
        assertThat(names).hasSizeGreaterThan(5);
        for (String name : names) {
            int dim = Integer.parseInt(name.substring(1));
            double[] cos = TestData.doubles(TABLES, name + "/cos");
            double[] sin = TestData.doubles(TABLES, name + "/sin");
            Rope rope = new Rope(dim, 0f);
            float[] c = new float[dim / 2];
            float[] s = new float[dim / 2];
            for (int t = 0; t < cos.length / (dim / 2); t++) {
                rope.table(t, c, s, 0);
                for (int i = 0; i < dim / 2; i++) {
                    if (c[i] != cos[t * (dim / 2) + i]) {
                        differences.add("cos d " + dim + " t " + t + " i " + i);
                    }
                    if (s[i] != sin[t * (dim / 2) + i]) {
                        differences.add("sin d " + dim + " t " + t + " i " + i);
                    }
                }
            }
        }
        // one bf16 ulp off: the official float32 sine is on the other side of a tie
        assertThat(differences).containsExactly("sin d 64 t 1897 i 24");
    }

    @Test
    void decayedTablesMatchTheOfficialOnesUpToFloatRounding() {
        List<String> names = tables("decay");
        assertThat(names).isNotEmpty();
        for (String name : names) {
            int dim = Integer.parseInt(name.substring(name.indexOf("_d") + 2, name.indexOf("_b")));
            float base = Float.parseFloat(name.substring(name.indexOf("_b") + 2));
            double[] cos = TestData.doubles(TABLES, name + "/cos");
            double[] sin = TestData.doubles(TABLES, name + "/sin");
            double[] decay = TestData.doubles(TABLES, name + "/decay");
            Rope rope = new Rope(dim, base);
            float[] c = new float[dim / 2];
            float[] s = new float[dim / 2];
            for (int t = 0; t < cos.length / (dim / 2); t++) {
                rope.table(t, c, s, 0);
                for (int i = 0; i < dim / 2; i++) {
                    int at = t * (dim / 2) + i;
                    assertThat((double) c[i]).as(name + " t " + t).isCloseTo(cos[at] * decay[at], within(3e-7));
                    assertThat((double) s[i]).as(name + " t " + t).isCloseTo(sin[at] * decay[at], within(3e-7));
                }
            }
        }
    }

    @Test
    void rotationMatchesTheOfficialOne() {
        for (int dim : new int[] {8, 24}) {
            double[] x = TestData.doubles("golden/units/units.safetensors", "rope_d" + dim + "/x");
            double[] y = TestData.doubles("golden/units/units.safetensors", "rope_d" + dim + "/y");
            int positions = 37;
            int vectors = x.length / positions / dim;
            Rope rope = new Rope(dim, 0f);
            float[] cos = new float[dim / 2];
            float[] sin = new float[dim / 2];
            float[] row = new float[vectors * dim];
            for (int t = 0; t < positions; t++) {
                for (int i = 0; i < row.length; i++) {
                    row[i] = (float) x[t * row.length + i];
                }
                rope.table(t, cos, sin, 0);
                rope.rotate(row, 0, vectors, dim, cos, sin, 0);
                for (int i = 0; i < row.length; i++) {
                    assertThat((double) row[i]).isCloseTo(y[t * row.length + i], within(1e-6));
                }
            }
        }
    }

    @Test
    void elementsAfterTheRotatedOnesStayUnchanged() {
        Rope rope = new Rope(4, 0f);
        float[] x = {1, 2, 3, 4, 5, 6, 7};
        float[] cos = new float[2];
        float[] sin = new float[2];
        rope.table(9, cos, sin, 0);
        rope.rotate(x, 0, 1, 7, cos, sin, 0);
        assertThat(x[4]).isEqualTo(5);
        assertThat(x[6]).isEqualTo(7);
        assertThat(x[0]).isEqualTo(1 * cos[0] + 3 * sin[0]);
        assertThat(x[2]).isEqualTo(3 * cos[0] - 1 * sin[0]);
    }

    @Test
    void allPositionsOfALongTextHaveOtherFrequencies() {
        Rope.Others others = new Rope.Others(List.of(), List.of(0.125f, 0.25f), 10);
        Rope rope = new Rope(new Rope.Config(
                4, 0f, new Rope.Form(false, true, false), List.of(0.5f, 1f), 2f, others));
        assertThat(rope.dependsOnLength()).isTrue();
        assertThat(rope.of(10)).isSameAs(rope);
        for (int length : new int[] {10, 11}) {
            float[] cos = new float[2];
            float[] sin = new float[2];
            rope.of(length).table(3, cos, sin, 0);
            double angle = length > 10 ? 0.375 : 1.5;
            assertThat((double) cos[0]).isCloseTo(2 * Math.cos(angle), within(1e-6));
            assertThat((double) sin[1]).isCloseTo(-2 * Math.sin(2 * angle), within(1e-6));
        }
        Rope plain = new Rope(4, 0f);
        assertThat(plain.dependsOnLength()).isFalse();
        assertThat(plain.of(Integer.MAX_VALUE)).isSameAs(plain);
    }
}
