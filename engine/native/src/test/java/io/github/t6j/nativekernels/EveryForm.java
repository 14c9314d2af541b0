package io.github.t6j.nativekernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.ModelOptions;
import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.QuantizedProducts;
import io.github.t6j.kernels.RoundedRows;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Assumptions;

/**
 * Products that compute in every form that this processor can run, and compare the bits.
 *
 * @param used formats of the weights that they have multiplied
 */
public record EveryForm(List<NativeProducts> forms, Set<Enum<?>> used) implements QuantizedProducts {
    /**
     * Skips the test if the build has made no library, which only {@code mvn -P native} does; with the system property
     * t6j.native, it fails.
     */
    public static EveryForm assumed() {
        Assumptions.assumeTrue(Boolean.getBoolean("t6j.native") || NativeKernels.exists(null),
                "no library: mvn -P native builds one");
        return new EveryForm(NativeKernels.forms(null), ConcurrentHashMap.newKeySet());
    }

    public static ModelOptions options() {
        return ModelOptions.defaults().withKernels(assumed());
    }

    @Override
    public String description() {
        return "every native form";
    }

    @Override
    public RoundedRows roundedRows(RoundedRows others) {
        return forms.getFirst().roundedRows(others);
    }

    @Override
    public void round(float[] x, int xAt, int count, RoundedRows to, int row) {
        byte[] expected = null;
        for (NativeProducts form : forms) {
            form.round(x, xAt, count, to, row);
            byte[] data = ((NativeRows) to).data;
            int size = to.blocks * NativeRows.BLOCK_BYTES;
            byte[] found = Arrays.copyOfRange(data, row * size, (row + 1) * size);
            expected = expected == null ? found : expected;
            assertThat(found).as(form.name()).isEqualTo(expected);
        }
    }

    @Override
    public void multiplyBlocks(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float[] units, int unitAt, int panels,
            float[] y, int yAt, int yStride) {
        used.add(format);
        each(y, (form, into) -> form.multiplyBlocks(
                x, format, w, wAt, units, unitAt, panels, into, yAt, yStride));
    }

    @Override
    public void multiplyKQuants(
            RoundedRows x, KQuantFormat format, MemorySegment w, long wAt, float unit, float[] y, int yAt,
            int yStride) {
        used.add(format);
        each(y, (form, into) -> form.multiplyKQuants(x, format, w, wAt, unit, into, yAt, yStride));
    }

    /** Other threads write other parts of {@code y}, so all but the first form write a copy. */
    private void each(float[] y, BiConsumer<NativeProducts, float[]> product) {
        float[] expected = new float[y.length];
        product.accept(forms.getFirst(), expected);
        for (NativeProducts form : forms.subList(1, forms.size())) {
            float[] found = new float[y.length];
            product.accept(form, found);
            assertThat(Arrays.equals(found, expected)).as(form.name()).isTrue();
        }
        product.accept(forms.getFirst(), y);
    }
}
