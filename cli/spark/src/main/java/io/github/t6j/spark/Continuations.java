package io.github.t6j.spark;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Generator;
import io.github.t6j.Model;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.Token;
import io.github.t6j.sampling.SamplingOptions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Continuations of a partition's documents, in the order in which they end. Several continue side by side; each step
 * reads the weights once for all of them. When one ends, the next document begins. Each has the same bits as alone.
 */
final class Continuations implements Iterator<Row>, AutoCloseable {
    static final StructType RESULT = new StructType().add("id", DataTypes.StringType)
            .add("text", DataTypes.StringType).add("finish_reason", DataTypes.StringType)
            .add("tokens", DataTypes.createArrayType(DataTypes.IntegerType))
            .add("prompt_tokens", DataTypes.IntegerType).add("seed", DataTypes.LongType)
            .add("error", DataTypes.StringType);

    private record Running(Document document, Session session, Generator generator) {}

    private final Model model;
    private final SessionOptions sessionOptions;
    private final GenerationOptions options;
    private final long seed;
    private final String column;
    private final int parallel;
    private final Iterator<Document> documents;
    private final List<Running> running = new ArrayList<>();
    private final Queue<Row> ended = new ArrayDeque<>();

    /** @param column column of the texts @param parallel number of documents at once */
    Continuations(Model model, SessionOptions sessionOptions, GenerationArguments arguments, String column,
            int parallel,
            Iterator<Document> documents) {
        this.model = model;
        this.sessionOptions = sessionOptions;
        this.options = arguments.over(model.sampling().orElse(SamplingOptions.defaults()));
        this.seed = arguments.seed;
        this.column = column;
        this.parallel = parallel;
        this.documents = documents;
    }

    @Override
    public boolean hasNext() {
        while (ended.isEmpty() && (!running.isEmpty() || documents.hasNext())) {
            while (running.size() < parallel && documents.hasNext()) {
                begin(documents.next());
            }
            step();
        }
        return !ended.isEmpty();
    }

    @Override
    public Row next() {
        hasNext();
        return ended.remove();
    }

    /** Begins a document. A wrong one gets a result with an error; too little memory for a document ends the task. */
    private void begin(Document document) {
        Session session = model.newSession(sessionOptions);
        try {
            document.check(column);
            int[] prompt = prompt(document.text(), session);
            SamplingOptions sampling = options.sampling().withSeed(document.seed(seed));
            Generator generator = session.newGenerator(Prompt.of(prompt), options.withSampling(sampling));
            running.add(new Running(document, session, generator));
            session.prefill(prompt);
        } catch (JobFailure wrong) {
            session.close();
            ended.add(error(document, wrong));
        }
    }

    private int[] prompt(String text, Session session) {
        int[] ids;
        try {
            ids = model.tokenizer().encodeBeginning(text);
        } catch (IllegalArgumentException none) {
            throw new JobFailure(column + ": expected a text, found none");
        }
        if (ids.length > session.contextLength()) {
            throw new JobFailure(column + ": expected at most " + session.contextLength()
                    + " tokens, the context, found " + ids.length + ": shorten it or use a larger --context");
        }
        return ids;
    }

    /** Generates the next id of each. */
    private void step() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("Spark ended the task");
        }
        List<Session> sessions = new ArrayList<>();
        List<Integer> ids = new ArrayList<>();
        for (Running one : List.copyOf(running)) {
            Integer id = choose(one);
            if (id != null) {
                sessions.add(one.session);
                ids.add(id);
            }
        }
        model.step(sessions, ids.stream().mapToInt(Integer::intValue).toArray());
    }

    /** @return next id, or null at the end */
    private Integer choose(Running one) {
        try {
            Token token = one.generator.next();
            if (token != null && one.generator.finishReason() == null) {
                return token.id();
            }
            ended.add(result(one.document, one.generator.result()));
        } catch (IllegalStateException wrong) { // logits that are NaN or infinite
            ended.add(error(one.document, wrong));
        }
        running.remove(one);
        one.session.close();
        return null;
    }

    private static Row result(Document document, Generation generation) {
        return RowFactory.create(document.id(), generation.text(),
                generation.finishReason().name().toLowerCase(Locale.ROOT),
                generation.tokens().stream().map(Token::id).toArray(Integer[]::new), generation.promptTokens(),
                generation.seed(), null);
    }

    private static Row error(Document document, RuntimeException wrong) {
        return RowFactory.create(document.id(), null, null, null, null, null, wrong.getMessage());
    }

    /** Closes the sessions that have not ended. */
    @Override
    public void close() {
        running.forEach(one -> one.session.close());
        running.clear();
    }
}
