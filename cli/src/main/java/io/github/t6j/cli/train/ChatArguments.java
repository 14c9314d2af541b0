package io.github.t6j.cli.train;

import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Range;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Options of {@code t6j train} for conversations. */
final class ChatArguments {
    /** Time that templates write: the same in each run, so that equal data gives equal bits. */
    private static final LocalDateTime TIME = LocalDateTime.of(2025, 1, 1, 12, 0);

    @Option(names = "--chat", arity = "1..*", paramLabel = "FILE",
            description = {"Conversations to train on; only the assistant's tokens count.",
                "Each line is a JSON object with messages and, optionally, tools."})
    private List<Path> files = List.of();

    @Option(names = "--chat-template", paramLabel = "FILE",
            description = "Chat template for --chat and the new model (default: the model's or tokenizer's).")
    private Path template;

    @Option(names = "--answers", paramLabel = "N",
            description = {"Maximum number of held-out conversations whose last answer each validation",
                "generates and compares (default: 50, or the resumed run's)."})
    private Integer answers;

    /** Returns true if the run trains on conversations. */
    boolean given() {
        return !files.isEmpty();
    }

    List<Path> files() {
        return files;
    }

    /** @param otherwise number to return if the command line gives none */
    int answers(int otherwise) {
        return answers == null ? otherwise : answers;
    }

    void check(CommandSpec spec) {
        Range.atLeast(spec, "--answers", answers(0), 0);
        if (template != null && !given()) {
            throw new ParameterException(spec.commandLine(), "--chat-template: expected --chat, found none");
        }
        if (answers != null && !given()) {
            throw new ParameterException(spec.commandLine(), "--answers: expected --chat, found none");
        }
    }

    /**
     * Returns the template of --chat-template, or else of the first of {@code models} that has one.
     *
     * @param models models or tokenizers; the first one has the special tokens of --chat-template
     */
    ChatTemplate template(List<Path> models) {
        Optional<ChatTemplate> found = template == null
                ? Optional.empty()
                : Optional.of(ChatTemplate.read(template, models.getFirst()));
        for (Path model : models) {
            found = found
                    .or(() -> ChatTemplate.of(model).map(candidate -> checked(candidate, model, models.getFirst())));
        }
        return found.orElseThrow(() -> new CommandFailure("--chat: expected a model or tokenizer with a chat template,"
                + " found none in " + models.getFirst() + ": give one with --chat-template FILE")).at(TIME);
    }

    /**
     * Checks that the files of the tokenizer, which the new model gets, render the template of a model as it does.
     *
     * @param tokenizer path of --tokenizer, or the model itself
     */
    private static ChatTemplate checked(ChatTemplate template, Path model, Path tokenizer) {
        if (tokenizer.equals(model)) {
            return template;
        }
        if (template.hasTemplateForTools()) {
            throw new CommandFailure("--tokenizer " + tokenizer + ": expected one chat template, since the one of "
                    + "--init-from is written, found another for tools in " + model
                    + ": copy the model's tokenizer_config.json there, or give a template with --chat-template FILE");
        }
        Map<String, String> tokens = ChatTemplate.specialTokens(tokenizer);
        new TreeMap<>(ChatTemplate.specialTokens(model)).forEach((name, token) -> {
            if (template.text().contains(name) && !token.equals(tokens.get(name))) {
                throw new CommandFailure("--tokenizer " + tokenizer + ": expected " + name + " " + token
                        + " in the tokenizer_config.json next to it, as the chat template " + template.name()
                        + " has it, found " + tokens.getOrDefault(name, "none")
                        + ": copy the model's tokenizer_config.json there, or give a template with"
                        + " --chat-template FILE");
            }
        });
        return template;
    }
}
