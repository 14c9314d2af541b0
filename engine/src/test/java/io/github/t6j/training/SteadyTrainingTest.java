package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.training.layers.HeadAttention;
import io.github.t6j.training.layers.HeadAttention.Rows;
import io.github.t6j.training.layers.Products;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Inner operations of a step must not allocate: an allocation would mean that C2 boxes vectors. */
@Tag("steady-training")
class SteadyTrainingTest {
    private static final int ROWS = 130;
    private static final int OUTPUTS = 70;
    private static final int INPUTS = 300;
    private static final int DIM = 32;

    private final Kernels kernels = KernelChoice.kernels();

    /**
     * Repeats {@code step} until a stretch without allocations: vectors are objects until C2 has compiled the kernels.
     */
    private static void assertAllocatesNothing(Runnable step) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().threadId();
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < 400 && allocated > 0; round++) {
            long before = threads.getThreadAllocatedBytes(thread);
            for (int i = 0; i < 30; i++) {
                step.run();
            }
            allocated = threads.getThreadAllocatedBytes(thread) - before;
        }
        assertThat(allocated).isZero();
    }

    @Test
    void productsAllocateNothing() {
        Random random = new Random(1);
        float[] x = TestNumbers.normal(random, ROWS * INPUTS, 1);
        float[] w = TestNumbers.normal(random, OUTPUTS * INPUTS, 1);
        float[] y = TestNumbers.normal(random, ROWS * OUTPUTS, 1);
        float[] result = new float[ROWS * INPUTS];
        try (Workers workers = new Workers(1); Products products = new Products(kernels, workers)) {
            assertAllocatesNothing(() -> {
                products.forward(x, 0, INPUTS, ROWS, w, 0, OUTPUTS, INPUTS, result, 0, OUTPUTS, true);
                products.inputGradient(y, 0, OUTPUTS, ROWS, w, 0, OUTPUTS, INPUTS, result, 0, INPUTS, false);
                products.weightGradient(y, 0, OUTPUTS, x, 0, INPUTS, ROWS, result, 0, OUTPUTS, INPUTS);
            });
        }
    }

    @Test
    void attentionAllocatesNothing() {
        Random random = new Random(2);
        Rows q = rows(random);
        Rows k = rows(random);
        Rows v = rows(random);
        Rows y = rows(random);
        Rows dy = rows(random);
        Rows dq = rows(random);
        Rows dk = rows(random);
        Rows dv = rows(random);
        float[] lse = new float[ROWS];
        try (HeadAttention attention = new HeadAttention(kernels)) {
            assertAllocatesNothing(() -> {
                attention.forward(q, k, v, ROWS, DIM, DIM, 0.2f, y, lse, 0);
                attention.backward(q, k, v, y, dy, lse, 0, ROWS, DIM, DIM, 0.2f, dq, dk, dv);
            });
        }
    }

    private static Rows rows(Random random) {
        return new Rows(TestNumbers.normal(random, ROWS * DIM, 1), 0, DIM);
    }
}
