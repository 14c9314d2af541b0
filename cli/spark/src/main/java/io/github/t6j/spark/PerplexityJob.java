package io.github.t6j.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.sum;

import io.github.t6j.cli.evaluate.TextLines;
import io.github.t6j.cli.evaluate.Window;
import io.github.t6j.spark.DocumentArguments.Input;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Measures how well a model predicts each document, as {@code t6j perplexity --texts} does for each line. */
@Command(
        name = "perplexity",
        description = {"Measures how well a model predicts each document.",
            "A result has id, tokens, scored (number of scored ids), nll (their mean, in nats), nll_stderr,",
            "perplexity, bits_per_byte and bytes; or id, error and input."},
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  spark-submit --master spark://HOST:7077 --archives model.zip#model t6j-spark.jar \\",
            "      perplexity --model model --in books.parquet --out results.parquet"
        })
final class PerplexityJob implements Callable<Integer> {
    private static final StructType RESULT = new StructType().add("tokens", DataTypes.IntegerType)
            .add("scored", DataTypes.IntegerType).add("nll", DataTypes.DoubleType)
            .add("nll_stderr", DataTypes.DoubleType).add("perplexity", DataTypes.DoubleType)
            .add("bits_per_byte", DataTypes.DoubleType).add("bytes", DataTypes.IntegerType);

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelArguments arguments;

    @Mixin
    private DocumentArguments documents;

    @Option(names = "--column", paramLabel = "NAME", defaultValue = "text",
            description = "Column of the texts (default: ${DEFAULT-VALUE}).")
    private String column;

    @Override
    public Integer call() throws IOException {
        documents.check();
        arguments.check(spec, 2);
        ModelArguments from = arguments; // the lambda captures this variable, not the command line
        summarize(documents.run(main, arguments, new Input(column, "text", null, List.of()), RESULT, model -> {
            int window = from.contextLength(model);
            return new TextLines(model, new int[0], ids -> Window.of(ids, window, window, 0));
        }));
        return 0;
    }

    private void summarize(Dataset<Row> results) {
        Row all = results.agg(count("id"), sum("scored"), sum(col("nll").multiply(col("scored"))), sum("bytes"))
                .first();
        if (all.getLong(0) > 0) {
            double total = all.getDouble(2);
            main.note(String.format(Locale.ROOT,
                    "perplexity %.4f, %.4f bits per byte, %d scored tokens of %d documents",
                    Math.exp(total / all.getLong(1)), total / Math.log(2) / all.getLong(3), all.getLong(1),
                    all.getLong(0)));
        }
    }
}
