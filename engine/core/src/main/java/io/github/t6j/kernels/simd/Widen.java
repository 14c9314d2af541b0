package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.lanes.Lanes.BYTE_EXPONENT;
import static io.github.t6j.kernels.simd.lanes.Lanes.BYTE_ZERO;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.lanes.Lanes.HIGH_HALF;
import static io.github.t6j.kernels.simd.lanes.Lanes.INTS;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static io.github.t6j.kernels.simd.lanes.Lanes.LOW_BYTE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.t6j.kernels.Format;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Conversion of 16-bit or 8-bit rows to f32, for attentions that rewrite pages and formats that no kernel reads. */
final class Widen {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);

    private Widen() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#widen}. */
    static void row(
            Format format, MemorySegment from, long fromAt, int count, long scalesAt, int scaleStep, MemorySegment to,
            long toAt) {
        switch (format) {
            case F32 -> MemorySegment.copy(from, fromAt, to, toAt, 4L * count);
            case F16 -> f16(from, fromAt, count, to, toAt);
            case BF16 -> bf16(from, fromAt, count, to, toAt);
            case Q8 -> q8(from, fromAt, count, scalesAt, scaleStep, to, toAt);
        }
    }

    /** Widens F16 elements; C2 vectorises this loop without help. */
    private static void f16(MemorySegment from, long fromAt, int count, MemorySegment to, long toAt) {
        for (int i = 0; i < count; i++) {
            to.set(FLOAT, toAt + 4L * i, Float.float16ToFloat(from.get(SHORT, fromAt + 2L * i)));
        }
    }

    private static void bf16(MemorySegment from, long fromAt, int count, MemorySegment to, long toAt) {
        for (int group = 0; group < count; group += 32) {
            for (int lane = 0; lane < 16; lane += LENGTH) {
                IntVector i = IntVector.fromMemorySegment(INTS, from, fromAt + 2L * group + 4L * lane, LITTLE_ENDIAN);
                long at = toAt + 4L * (group + lane);
                i.lanewise(LSHL, 16).intoMemorySegment(to, at, LITTLE_ENDIAN);
                i.and(HIGH_HALF).intoMemorySegment(to, at + 64, LITTLE_ENDIAN);
            }
        }
    }

    private static void q8(
            MemorySegment from, long fromAt, int count, long scalesAt, int scaleStep, MemorySegment to, long toAt) {
        FloatVector shared = FloatVector.broadcast(FLOATS, from.get(FLOAT, scalesAt));
        for (int group = 0; group < count; group += 64) {
            for (int lane = 0; lane < 16; lane += LENGTH) {
                IntVector i = IntVector.fromMemorySegment(INTS, from, fromAt + group + 4L * lane, LITTLE_ENDIAN);
                for (int number = lane; number < 64; number += 16) {
                    FloatVector scale = scaleStep == 0
                            ? shared
                            : FloatVector.fromMemorySegment(FLOATS, from, scalesAt + 4L * number, LITTLE_ENDIAN);
                    i.and(LOW_BYTE).or(BYTE_EXPONENT).reinterpretAsFloats().sub(BYTE_ZERO).mul(FLOAT_VECTOR.cast(scale))
                            .intoMemorySegment(to, toAt + 4L * (group + number), LITTLE_ENDIAN);
                    i = i.lanewise(LSHR, 8);
                }
            }
        }
    }
}
