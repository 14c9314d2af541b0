package io.github.t6j.spark;

import io.github.t6j.MemoryLimitException;
import io.github.t6j.cli.generate.LineWork;
import io.github.t6j.schedule.RefusedException;
import io.github.t6j.schedule.RefusedException.Reason;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.spark.DocumentArguments.Input;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Results of a partition's documents, in their order. Several documents are computed at once and share passes over the
 * weights; each has the same bits as alone. A document that fails gets a row with the reason and its input.
 */
final class Results implements Iterator<Row>, AutoCloseable {
    private static final String ERROR = "error";
    private static final String INPUT = "input";

    /** A document whose work was submitted, or that failed. */
    private record Pending(Document document, Map<String, Object> result, LineWork.Finish finish) {}

    private final LineWork work;
    private final Scheduler scheduler;
    private final int max;
    private final StructType columns;
    private final Input input;
    private final Iterator<Document> documents;
    private final Deque<Pending> pending = new ArrayDeque<>();

    /**
     * @param max maximum number of submitted documents
     * @param columns columns of {@link #columns(StructType)}
     * @param input names of the documents' columns
     */
    Results(LineWork work, Scheduler scheduler, int max, StructType columns, Input input,
            Iterator<Document> documents) {
        this.work = work;
        this.scheduler = scheduler;
        this.max = max;
        this.columns = columns;
        this.input = input;
        this.documents = documents;
    }

    /** Returns the columns of results: the id, the job's columns, and the error and input of a document that failed. */
    static StructType columns(StructType job) {
        StructType columns = new StructType().add("id", DataTypes.StringType);
        for (StructField field : job.fields()) {
            columns = columns.add(field);
        }
        return columns.add(ERROR, DataTypes.StringType).add(INPUT, DataTypes.StringType);
    }

    @Override
    public boolean hasNext() {
        return !pending.isEmpty() || documents.hasNext();
    }

    @Override
    public Row next() {
        while (pending.size() < max && documents.hasNext()) {
            pending.add(begin(documents.next()));
        }
        return row(pending.remove());
    }

    private Pending begin(Document document) {
        Map<String, Object> result = new LinkedHashMap<>();
        try {
            LineWork.Finish finish = work.begin(document.line(input), document.hash(), result, scheduler);
            return new Pending(document, result, finish);
        } catch (RuntimeException wrong) {
            return new Pending(document, result, _ -> {
                throw wrong;
            });
        }
    }

    private Row row(Pending submitted) {
        Map<String, Object> result = submitted.result;
        try {
            submitted.finish.into(result);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("Spark ended the task");
        } catch (RuntimeException wrong) {
            if (endsTask(wrong)) {
                throw wrong;
            }
            result.clear();
            String message = String.valueOf(wrong.getMessage());
            String where = submitted.document.where() + ": ";
            result.put(ERROR, message.startsWith(where) ? message : where + message);
            result.put(INPUT, submitted.document.text());
        }
        result.put("id", submitted.document.id());
        return RowFactory.create(Arrays.stream(columns.fields())
                .map(field -> value(field.dataType(), result.get(field.name()))).toArray());
    }

    /** Returns true if a failure is not one of the document, so that Spark should repeat the task. */
    private static boolean endsTask(RuntimeException wrong) {
        return wrong instanceof CancellationException || wrong instanceof MemoryLimitException
                || wrong instanceof RefusedException refused && refused.reason() == Reason.CLOSED;
    }

    private static Object value(DataType type, Object found) {
        return switch (found) {
            case List<?> list when type instanceof ArrayType array ->
                list.stream().map(element -> value(array.elementType(), element)).toArray();
            case Number number when type.equals(DataTypes.IntegerType) -> Math.toIntExact(number.longValue());
            case Number number when type.equals(DataTypes.LongType) -> number.longValue();
            case Number number when type.equals(DataTypes.FloatType) -> number.floatValue();
            case Number number when type.equals(DataTypes.DoubleType) -> number.doubleValue();
            case null, default -> found;
        };
    }

    /** Ends the remaining work. */
    @Override
    public void close() {
        scheduler.close();
    }
}
