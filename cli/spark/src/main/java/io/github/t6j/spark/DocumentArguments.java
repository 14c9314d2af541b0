package io.github.t6j.spark;

import java.io.IOException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Input and output of a job: JSON lines or Parquet, by the ending of the name. */
final class DocumentArguments {
    /** Work of a job on a partition, on an executor. */
    @FunctionalInterface
    interface Work extends Serializable {
        /** Returns one row per document; either {@code error} is null, or all columns but it and the id. */
        Iterator<Row> results(Iterator<Document> documents);
    }

    private static final String UNREADABLE = "_corrupt_record"; // Spark's column for lines that do not match the schema

    @Option(names = "--in", required = true, paramLabel = "PATH",
            description = {"Documents, one per row, with id, a text, and optionally seed.",
                "PATH is a file or folder that ends in .jsonl or .parquet, at any address that Spark reads."})
    private String in;

    @Option(names = "--out", required = true, paramLabel = "PATH",
            description = {"Folder for the results, one row per document, in any order.",
                "PATH ends in .jsonl or .parquet."})
    private String out;

    @Option(names = "--partitions", paramLabel = "N", defaultValue = "200",
            description = {"Number of parts that run independently, and again if a machine fails",
                "(default: ${DEFAULT-VALUE})."})
    private int partitions;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    void check() {
        format("--in", in);
        format("--out", out);
        atLeast(spec, "--partitions", partitions, 1);
    }

    static void atLeast(CommandSpec spec, String option, long value, long least) {
        if (value < least) {
            throw new ParameterException(
                    spec.commandLine(), option + ": expected " + least + " or more, found " + value);
        }
    }

    private String format(String option, String path) {
        if (path.endsWith(".jsonl") || path.endsWith(".parquet")) {
            return path.endsWith(".jsonl") ? "json" : "parquet";
        }
        throw new ParameterException(spec.commandLine(),
                option + ": expected a path that ends in .jsonl or .parquet, found " + path);
    }

    /** Processes all documents. @param column column of their texts @param result columns of the results */
    void run(Main main, String column, StructType result, Work work) throws IOException {
        SparkSession spark = SparkSession.builder().appName(spec.qualifiedName(" ")).getOrCreate();
        Path folder = new Path(out);
        if (folder.getFileSystem(spark.sparkContext().hadoopConfiguration()).exists(folder)) {
            throw new JobFailure(
                    "--out " + out + ": expected a new path, found an existing one: choose another, or delete it");
        }
        Dataset<Row> documents = read(spark, column).repartition(partitions);
        documents.mapPartitions(
                (MapPartitionsFunction<Row, Row>) rows -> work.results(documents(rows)), Encoders.row(result))
                .write().format(format("--out", out)).save(out);
        Dataset<Row> written = spark.read().schema(result).format(format("--out", out)).load(out);
        long failed = written.filter(functions.col("error").isNotNull()).count();
        if (failed > 0) {
            main.note(failed + " of " + written.count() + " documents failed; the column error has the reasons");
        }
    }

    /** Returns the columns of a {@link Document}, in its order. */
    private Dataset<Row> read(SparkSession spark, String column) {
        if (format("--in", in).equals("json")) {
            StructType lines = new StructType().add("id", DataTypes.StringType).add(column, DataTypes.StringType)
                    .add("seed", DataTypes.LongType).add(UNREADABLE, DataTypes.StringType);
            return spark.read().schema(lines).option("columnNameOfCorruptRecord", UNREADABLE).json(in);
        }
        Dataset<Row> rows = spark.read().parquet(in);
        return rows.select(column(rows, "id", DataTypes.StringType, true),
                column(rows, column, DataTypes.StringType, true), column(rows, "seed", DataTypes.LongType, false),
                functions.lit(null).cast(DataTypes.StringType));
    }

    private Column column(Dataset<Row> rows, String name, DataType type, boolean required) {
        if (List.of(rows.columns()).contains(name)) {
            return rows.col("`" + name + "`").cast(type);
        }
        if (required) {
            throw new JobFailure(in + ": expected a column " + name + ", found " + Arrays.toString(rows.columns()));
        }
        return functions.lit(null).cast(type);
    }

    private static Iterator<Document> documents(Iterator<Row> rows) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return rows.hasNext();
            }

            @Override
            public Document next() {
                Row row = rows.next();
                return new Document(row.getString(0), row.getString(1), row.isNullAt(2) ? null : row.getLong(2),
                        row.getString(3));
            }
        };
    }
}
