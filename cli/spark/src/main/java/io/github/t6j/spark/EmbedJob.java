package io.github.t6j.spark;

import io.github.t6j.Embedder;
import io.github.t6j.EmbeddingOptions;
import io.github.t6j.Model;
import io.github.t6j.Pooling;
import io.github.t6j.cli.embed.EmbedLines;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Range;
import io.github.t6j.spark.DocumentArguments.Input;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Embeds each document as {@code t6j embed} does each line. */
@Command(
        name = "embed",
        description = {"Embeds each document as a vector: its text, or its ids.",
            "A result has id, embedding and tokens; or id, error and input."},
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  spark-submit --master spark://HOST:7077 --archives model.zip#model t6j-spark.jar \\",
            "      embed --model model --in texts.parquet --out vectors.parquet"
        })
final class EmbedJob implements Callable<Integer> {
    private static final StructType RESULT = new StructType()
            .add("embedding", DataTypes.createArrayType(DataTypes.FloatType)).add("tokens", DataTypes.IntegerType);

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelArguments arguments;

    @Mixin
    private DocumentArguments documents;

    @Mixin
    private Options embedding;

    @Option(names = "--column", paramLabel = "NAME", defaultValue = "text",
            description = "Column of the texts (default: ${DEFAULT-VALUE}).")
    private String column;

    /** Options of embeddings, sent to the executors. */
    static final class Options implements Serializable {
        private static final long serialVersionUID = 1;

        @Option(names = "--pooling", paramLabel = "HOW",
                description = {"Method that pools a text's hidden states into one vector: mean, last or cls",
                    "(default: as the model's files state, otherwise mean)."})
        private Pooling pooling;

        @Option(names = "--dimensions", paramLabel = "N",
                description = "Keep the first N elements of a vector, before it is scaled to length 1 (default: all).")
        private Integer dimensions;

        @Option(names = "--truncate",
                description = "Truncate texts that are longer than the model's context (default: they fail).")
        private boolean truncate;

        Embedder embedder(Model model) {
            try {
                return new Embedder(model, EmbeddingOptions.defaults().withPooling(pooling).withTruncate(truncate)
                        .withDimensions(dimensions == null ? 0 : dimensions));
            } catch (IllegalArgumentException wrong) {
                throw new CommandFailure("--" + wrong.getMessage(), wrong);
            }
        }
    }

    @Override
    public Integer call() throws IOException {
        documents.check();
        for (String option : List.of("--context", "--cache-type")) {
            if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
                throw new ParameterException(spec.commandLine(),
                        option + ": expected none with embed, which keeps no cache, found one: remove it");
            }
        }
        arguments.check(spec, 1);
        if (embedding.dimensions != null) {
            Range.atLeast(spec, "--dimensions", embedding.dimensions, 1);
        }
        Options options = embedding; // the lambda captures this variable, not the command line
        documents.run(main, arguments, new Input(column, "text", "ids", List.of()), RESULT,
                model -> new EmbedLines(options.embedder(model)));
        return 0;
    }
}
