package io.github.t6j.spark;

import static org.apache.spark.sql.functions.col;

import io.github.t6j.Model;
import io.github.t6j.cli.generate.LineWork;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Range;
import io.github.t6j.schedule.SchedulerOptions;
import java.io.IOException;
import java.io.Serializable;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Input and output of a job: JSON lines or Parquet, by the ending of the name. */
final class DocumentArguments {
    /** Work of a job, sent to the executors. */
    @FunctionalInterface
    interface Work extends Serializable {
        /** Returns the work of a task. */
        LineWork of(Model model);
    }

    /**
     * Columns that a job reads in addition to the id.
     *
     * @param column column of the text
     * @param key name that the command line has for it
     * @param instead column that may replace it, or null
     * @param optional columns that may exist
     */
    record Input(String column, String key, String instead, List<String> optional) implements Serializable {
        List<String> texts() {
            return Stream.of(column, instead).filter(name -> name != null).toList();
        }
    }

    /** Spark's option to compute where most rows already are, which leaves other executors without work. */
    static final String REDUCE_LOCALITY = "spark.shuffle.reduceLocality.enabled";

    @Option(names = "--in", required = true, paramLabel = "PATH",
            description = {"Documents, one per row, each with a unique id.",
                "PATH is a file or folder that ends in .jsonl or .parquet, at any address that Spark reads."})
    private String in;

    @Option(names = "--out", required = true, paramLabel = "PATH",
            description = {"Folder for the results, one row per document, in any order.",
                "A document that fails gets a row with error and input. PATH ends in .jsonl or .parquet."})
    private String out;

    @Option(names = "--partitions", paramLabel = "N", defaultValue = "200",
            description = {"Number of parts that run independently, and again if a machine fails",
                "(default: ${DEFAULT-VALUE})."})
    private int partitions;

    @Option(names = "--parallel", paramLabel = "N", defaultValue = "8",
            description = "Number of documents that a task computes at once (default: ${DEFAULT-VALUE}).")
    private int parallel;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    void check() {
        format("--in", in);
        format("--out", out);
        Range.atLeast(spec, "--partitions", partitions, 1);
        Range.atLeast(spec, "--parallel", parallel, 1);
        Range.atMost(spec, "--parallel", parallel, SchedulerOptions.MAX_RUNNING / 2,
                "half of a pass, since as many documents wait");
    }

    private String format(String option, String path) {
        if (path.endsWith(".jsonl") || path.endsWith(".parquet")) {
            return path.endsWith(".jsonl") ? "json" : "parquet";
        }
        throw new ParameterException(spec.commandLine(),
                option + ": expected a path that ends in .jsonl or .parquet, found " + path);
    }

    /**
     * Processes all documents.
     *
     * @param result columns of the results besides id, error and input
     * @return the results without errors
     */
    Dataset<Row> run(Main main, ModelArguments arguments, Input input, StructType result, Work work)
            throws IOException {
        SparkSession spark = SparkSession.builder().appName(spec.qualifiedName(" "))
                .config(REDUCE_LOCALITY, false).getOrCreate();
        Path folder = new Path(out);
        if (folder.getFileSystem(spark.sparkContext().hadoopConfiguration()).exists(folder)) {
            throw new CommandFailure(
                    "--out " + out + ": expected a new path, found an existing one: choose another, or delete it");
        }
        boolean lines = format("--in", in).equals("json");
        Dataset<Row> rows = lines
                ? DocumentReader.lines(spark, in)
                : DocumentReader.parquet(spark, in, input.texts(), input.optional());
        StructType columns = Results.columns(result);
        String unit = lines ? "line" : "row";
        int max = parallel; // the lambda captures this variable, not this object, which has the command line
        DocumentReader.partitioned(rows, partitions).mapPartitions((MapPartitionsFunction<Row, Row>) partition -> {
            if (!partition.hasNext()) {
                return Collections.emptyIterator();
            }
            Model model = arguments.onExecutor();
            Results results = new Results(work.of(model), arguments.newScheduler(model, max), 2 * max, columns,
                    input, DocumentReader.documents(partition, unit));
            TaskContext.get().addTaskCompletionListener((TaskCompletionListener) _ -> results.close());
            return results;
        }, Encoders.row(columns)).write().format(format("--out", out)).save(out);
        return checked(main, rows.count(), spark.read().schema(columns).format(format("--out", out)).load(out));
    }

    /** Checks that each document has one result, and returns the results without errors. */
    private Dataset<Row> checked(Main main, long documents, Dataset<Row> written) {
        Dataset<Row> good = written.filter(col("error").isNull());
        long found = written.count();
        long results = good.count();
        long ids = good.select("id").distinct().count();
        if (found != documents || ids != results) {
            throw new CommandFailure("--out " + out + ": expected one row for each of " + documents
                    + " documents, found " + found + " rows with " + ids + " ids in " + results + " results: the input "
                    + "changed, or the file system of the folder does not support Spark's committer; delete the folder "
                    + "and run the job again");
        }
        if (results < found) {
            main.note(found - results + " of " + found
                    + " documents failed; the column error has the reasons, input the documents");
        }
        return good;
    }
}
