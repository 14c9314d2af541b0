package io.github.t6j.oracle;

import io.github.t6j.weights.DType;
import java.nio.file.Path;
import java.util.Map;

/** Rounding of the inputs of products with weights of 8 or 16 bits, in blocks of 32: integers times a scale. */
public final class ProductRounding implements LlamaReference.Rounding {
    private final Map<String, DType> types;
    private final boolean asLlamaCpp;

    /**
     * @param file GGUF file of the weights
     * @param asLlamaCpp true for llama.cpp: scales of f16, and inputs of f16 with weights of f16; false for t6j:
     *     scales of f32, and floats with weights of f16
     */
    public ProductRounding(Path file, boolean asLlamaCpp) {
        types = LlamaGguf.types(file);
        this.asLlamaCpp = asLlamaCpp;
    }

    @Override
    public double[][] round(double[][] rows, String matrix) {
        return switch (types.get(matrix)) {
            case Q8_0 -> rounded(rows, asLlamaCpp);
            case F16 -> asLlamaCpp ? halves(rows) : rows;
            default -> rows;
        };
    }

    /** Rounds rows to integers times a scale, of f16 if {@code halfScales}, per block of 32. */
    static double[][] rounded(double[][] rows, boolean halfScales) {
        double[][] rounded = new double[rows.length][rows[0].length];
        for (int t = 0; t < rows.length; t++) {
            for (int block = 0; block < rows[t].length; block += 32) {
                double top = 0;
                for (int i = 0; i < 32; i++) {
                    top = Math.max(top, Math.abs(rows[t][block + i]));
                }
                float scale = halfScales ? half(top / 127) : (float) (top / 127);
                for (int i = 0; i < 32; i++) {
                    rounded[t][block + i] = Math.rint(rows[t][block + i] * (127 / top)) * scale;
                }
            }
        }
        return rounded;
    }

    private static double[][] halves(double[][] rows) {
        double[][] halves = new double[rows.length][rows[0].length];
        for (int t = 0; t < rows.length; t++) {
            for (int i = 0; i < rows[t].length; i++) {
                halves[t][i] = half(rows[t][i]);
            }
        }
        return halves;
    }

    /** The nearest f16: by way of a float rounded to odd, so that the number is not rounded twice. */
    private static float half(double value) {
        float nearest = (float) value;
        int bits = Float.floatToRawIntBits(nearest);
        if (nearest != value) {
            bits = (Math.abs(nearest) > Math.abs(value) ? bits - 1 : bits) | 1;
        }
        return Float.float16ToFloat(Float.floatToFloat16(Float.intBitsToFloat(bits)));
    }
}
