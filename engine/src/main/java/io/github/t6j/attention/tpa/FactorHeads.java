package io.github.t6j.attention.tpa;

/** Rebuilds whole queries, keys and values of a head from the factors in a rotated and activated row. */
final class FactorHeads {
    private final TpaConfig form;
    private final FactorRow row;

    FactorHeads(TpaConfig form, FactorRow row) {
        this.form = form;
        this.row = row;
    }

    void query(float[] x, int at, int head, float[] q, int qAt) {
        if (form.queryRank() == 0) {
            System.arraycopy(x, at + row.query().features() + head * form.headDim(), q, qAt, form.headDim());
            return;
        }
        int rank = form.queryRank();
        int heads = at + row.query().heads() + head * rank;
        for (int d = 0; d < form.headDim(); d++) {
            q[qAt + d] =
                    mean(x, heads, at + row.query().features(), at + row.query().third(), rank, form.featureDim(), d);
        }
    }

    /** Writes the query of a head in float64, for the oracle. */
    void query(float[] x, int at, int head, double[] q) {
        int size = form.featureDim();
        for (int d = 0; d < q.length; d++) {
            double sum = 0;
            for (int r = 0; r < form.queryRank(); r++) {
                double a = x[at + row.query().heads() + head * form.queryRank() + r];
                double c = form.thirdDim() > 0 ? x[at + row.query().third() + r * form.thirdDim() + d / size] : 1;
                sum += a * c * x[at + row.query().features() + r * size + d % size];
            }
            q[d] = form.queryRank() == 0
                    ? x[at + row.query().features() + head * q.length + d]
                    : sum / form.queryRank();
        }
    }

    void key(float[] x, int at, int head, float[] k) {
        int rank = form.keyRank();
        int heads = at + row.key().heads() + head * rank;
        for (int d = 0; d < form.headDim(); d++) {
            k[d] = mean(x, heads, at + row.key().features(), at + row.key().third(), rank, form.featureDim(), d);
        }
    }

    void value(float[] x, int at, int head, float[] v) {
        int rank = form.valueRank();
        int heads = at + row.value().heads() + head * rank;
        for (int d = 0; d < form.valueDim(); d++) {
            v[d] = mean(x, heads, at + row.value().features(), at + row.value().third(), rank, form.valueFeatureDim(),
                    d);
        }
    }

    /** Returns element {@code d} of (Σ_r A[head][r] · vec(B[r] C[r]ᵀ)) / R. */
    private float mean(float[] x, int heads, int features, int thirds, int rank, int size, int d) {
        float sum = 0f;
        for (int r = 0; r < rank; r++) {
            float a = x[heads + r];
            float ac = form.thirdDim() > 0 ? a * x[thirds + r * form.thirdDim() + d / size] : a;
            sum += ac * x[features + r * size + d % size];
        }
        return sum / rank;
    }
}
