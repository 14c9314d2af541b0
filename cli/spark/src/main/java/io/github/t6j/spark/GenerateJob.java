package io.github.t6j.spark;

import io.github.t6j.chat.Chat;
import io.github.t6j.cli.generate.PromptLines;
import io.github.t6j.cli.io.Range;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.spark.DocumentArguments.Input;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Continues each document as {@code t6j generate --prompts} does each line. */
@Command(
        name = "generate",
        description = {"Continues each document: its prompt, or its messages by the model's chat template.",
            "It may have seed and max_tokens.",
            "A result has id, text, finish_reason, tokens (ids), prompt_tokens and seed; or id, error and input."},
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  spark-submit --master spark://HOST:7077 --archives model.zip#model t6j-spark.jar \\",
            "      generate --model model --in prompts.jsonl --out results.parquet -n 64"
        })
final class GenerateJob implements Callable<Integer> {
    private static final StructType RESULT = new StructType().add("text", DataTypes.StringType)
            .add("finish_reason", DataTypes.StringType)
            .add("tokens", DataTypes.createArrayType(DataTypes.IntegerType))
            .add("prompt_tokens", DataTypes.IntegerType).add("seed", DataTypes.LongType);

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelArguments arguments;

    @Mixin
    private DocumentArguments documents;

    @Mixin
    private GenerationArguments generation;

    @Option(names = "--column", paramLabel = "NAME", defaultValue = "prompt",
            description = "Column of the prompts (default: ${DEFAULT-VALUE}).")
    private String column;

    @Override
    public Integer call() throws IOException {
        documents.check();
        arguments.check(spec, 1);
        Range.checked(spec, () -> generation.over(SamplingOptions.defaults()));
        GenerationArguments options = generation; // the lambda captures this variable, not the command line
        documents.run(main, arguments, new Input(column, "prompt", "messages", List.of("seed", "max_tokens")), RESULT,
                model -> new PromptLines(model, Chat.of(model).format(),
                        options.over(model.generationDefaults().sampling())));
        return 0;
    }
}
