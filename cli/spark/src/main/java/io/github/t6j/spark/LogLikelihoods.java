package io.github.t6j.spark;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.sampling.Sampler;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Log-likelihoods of a partition's documents, in their order. Each document is cut into windows of the context's
 * length, which begin with an empty cache and score all ids but their first.
 */
final class LogLikelihoods implements Iterator<Row>, AutoCloseable {
    static final StructType RESULT = new StructType().add("id", DataTypes.StringType)
            .add("tokens", DataTypes.IntegerType).add("scored", DataTypes.IntegerType)
            .add("log_likelihood", DataTypes.DoubleType).add("bytes", DataTypes.IntegerType)
            .add("error", DataTypes.StringType);

    private final Model model;
    private final Session session;
    private final String column;
    private final Iterator<Document> documents;

    /** @param column column of the texts */
    LogLikelihoods(Model model, SessionOptions options, String column, Iterator<Document> documents) {
        this.model = model;
        this.session = model.newSession(options);
        this.column = column;
        this.documents = documents;
    }

    @Override
    public boolean hasNext() {
        return documents.hasNext();
    }

    @Override
    public Row next() {
        Document document = documents.next();
        try {
            document.check(column);
            return result(document);
        } catch (JobFailure wrong) {
            return RowFactory.create(document.id(), null, null, null, null, wrong.getMessage());
        }
    }

    private Row result(Document document) {
        int[] ids = model.tokenizer().encodeWithSpecialTokens(document.text());
        if (ids.length < 2) {
            throw new JobFailure(column + ": expected a text of at least 2 tokens, found " + ids.length);
        }
        int window = session.contextLength();
        double total = 0;
        int scored = 0;
        for (int start = 0; start + 1 < ids.length; start += window) {
            int end = Math.min(start + window, ids.length);
            total += logLikelihood(ids, start, end);
            scored += end - start - 1;
        }
        int bytes = document.text().getBytes(StandardCharsets.UTF_8).length;
        return RowFactory.create(document.id(), ids.length, scored, total, bytes, null);
    }

    /**
     * Returns the sum over all ids of a window but the first. The last id is not fed: no logits are needed after it.
     */
    private double logLikelihood(int[] ids, int start, int end) {
        double[] sum = new double[1];
        session.truncate(0);
        session.prefill(
                Arrays.copyOfRange(ids, start, end - 1),
                (position, logits) -> sum[0] += logProbability(logits, ids, start + position + 1));
        return sum[0];
    }

    private float logProbability(float[] logits, int[] ids, int index) {
        float found = Sampler.logProbability(logits, ids[index]);
        if (!Float.isFinite(found)) {
            throw new JobFailure(column + ": expected a finite log-likelihood of token " + index + " (id "
                    + ids[index] + "), found " + found + ", computed by the model: check its weights for damage");
        }
        return found;
    }

    @Override
    public void close() {
        session.close();
    }
}
