package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.training.heads.CausalAttention;
import io.github.t6j.training.heads.HeadAttention;
import io.github.t6j.training.products.Matrix;
import io.github.t6j.training.products.Products;
import io.github.t6j.training.products.Rows;
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
        Rows x = rows(ROWS, INPUTS, random);
        Matrix.Dense[] w = Matrix.Dense.of(INPUTS, TestNumbers.normal(random, OUTPUTS * INPUTS, 1));
        Rows y = rows(ROWS, OUTPUTS, random);
        Rows result = rows(ROWS, INPUTS, random);
        Matrix.Dense[] gradient = Matrix.Dense.of(INPUTS, new float[OUTPUTS * INPUTS]);
        try (Workers workers = new Workers(1); Products products = new Products(kernels, workers)) {
            assertAllocatesNothing(() -> {
                products.forward(x, ROWS, w, y, true);
                products.inputGradient(y, ROWS, w, result, false);
                products.weightGradient(y, x, ROWS, gradient);
            });
        }
    }

    @Test
    void attentionAllocatesNothing() {
        Random random = new Random(2);
        Rows q = rows(ROWS, DIM, random);
        Rows k = rows(ROWS, DIM, random);
        Rows v = rows(ROWS, DIM, random);
        Rows y = rows(ROWS, DIM, random);
        Rows dy = rows(ROWS, DIM, random);
        Rows dq = rows(ROWS, DIM, random);
        Rows dk = rows(ROWS, DIM, random);
        Rows dv = rows(ROWS, DIM, random);
        float[] lse = new float[ROWS];
        try (HeadAttention attention = new HeadAttention(kernels)) {
            assertAllocatesNothing(() -> {
                attention.forward(q, k, v, ROWS, CausalAttention.NO_WINDOW, DIM, DIM, y, lse, 0);
                attention.backward(
                        q, k, v, y, dy, lse, 0, ROWS, CausalAttention.NO_WINDOW, DIM, DIM, dq, dk, dv);
            });
        }
    }

    private static Rows rows(int rows, int width, Random random) {
        return new Rows(TestNumbers.normal(random, rows * width, 1), 0, width);
    }
}
