package io.github.t6j.cli.chat;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.chat.Chat;
import io.github.t6j.chat.ChatSession;
import io.github.t6j.chat.PromptFormat;
import io.github.t6j.chat.internal.ConversationFile;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.generate.ContextArguments;
import io.github.t6j.cli.generate.GrammarArguments;
import io.github.t6j.cli.generate.SamplingArguments;
import io.github.t6j.cli.generate.SavedSession;
import io.github.t6j.cli.generate.SessionCommand;
import io.github.t6j.cli.generate.SpeculationArguments;
import io.github.t6j.cli.generate.WarmUp;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.DiskSpace;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.cli.io.OnInterrupt;
import io.github.t6j.cli.io.PipedInput;
import io.github.t6j.cli.io.Range;
import io.github.t6j.cli.io.TerminalInput;
import io.github.t6j.cli.io.Text;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code t6j chat}: holds a conversation. */
@Command(
        name = "chat",
        aliases = "run",
        description = {"Chats with a model, using its chat template.",
            "Without a template, the model continues plain text.",
            "Piped input is read as one message per line.",
            "Type /help for a list of commands."},
        footer = {
            "",
            "Examples:",
            "  t6j chat smollm2",
            "  t6j run smollm2 \"What is a whale?\"",
            "  t6j chat -m DIR --system \"Be brief.\" --session talk.json",
            "  t6j chat -m DIR -p - < question.txt"
        })
public final class ChatCommand extends SessionCommand {
    private static final Duration WARM_UP = Duration.ofSeconds(30);

    @Parameters(arity = "0..*", paramLabel = "[NAME] [TEXT]", hideParamSyntax = true,
            description = {"Model and message; with a message, print the answer and exit.",
                "The first word is the model if it names one: a folder or file of weights, or a pulled model.",
                "A short name, or on a terminal any ORG/NAME, is pulled first if you agree.",
                "Otherwise all words are the message."})
    private List<String> words = List.of();

    @Option(names = {"-sys", "--system"}, paramLabel = "TEXT",
            description = "System message, which comes before the conversation.")
    private String system;

    @Option(names = {"-p", "--prompt"}, paramLabel = "TEXT",
            description = "The message, the same as TEXT; - reads all of standard input.")
    private String prompt;

    @Option(names = {"-n", "--n-predict", "--max-tokens"}, paramLabel = "N",
            description = {"Maximum number of tokens of an answer; -1 for no limit",
                "(default: as many as the context holds; 128 without a template)."})
    private Integer maxTokens;

    @Mixin
    private SamplingArguments sampling;

    @Option(names = "--stop", paramLabel = "STR", description = "End an answer before this text; repeatable.")
    private List<String> stop = List.of();

    @Option(names = "--ignore-eos", description = "Continue past the model's end tokens.")
    private boolean ignoreEndOfText;

    @Option(names = "--no-thinking",
            description = "Turn thinking off; the model's template must have enable_thinking.")
    private boolean noThinking;

    @Option(names = TemplateVariables.OPTION, paramLabel = "NAME=VALUE",
            description = {"Set a variable of the model's chat template, such as reasoning_effort=high; repeatable.",
                "VALUE is JSON, such as true or 3, or otherwise a text."})
    private Map<String, String> variables = Map.of();

    @Mixin
    private ContextArguments context;

    @Mixin
    private GrammarArguments grammar;

    @Mixin
    private SpeculationArguments speculation;

    @Option(names = "--session", paramLabel = "FILE",
            description = {"Continue the conversation in FILE, if it exists, and save it there as JSON.",
                "Its cache is saved in FILE.cache."})
    private Path sessionFile;

    @Option(names = "--stats",
            description = "Print the speed and the cache size to standard error after each answer.")
    private boolean stats;

    @Option(names = "--no-history", description = "Do not save the lines that you type.")
    private boolean noHistory;

    @Override
    public Integer call() {
        arguments.check();
        prompt = message(arguments.takeModel(words));
        context.check();
        speculation.check();
        GenerationOptions options = options();
        CacheType saved = sessionFile == null ? null : SavedSession.cacheType(cacheFile());
        boolean continues = continues();
        String text = prompt == null ? null : Text.argumentOrInput(prompt, "--prompt", main, spec);
        String piped = prompt == null && !main.terminal ? Text.argumentOrInput(null, "message", main, spec) : null;
        try (TerminalInput terminal = prompt == null && main.terminal // first, to keep keys while the model loads
                ? new TerminalInput(main, history(), ChatLoop.COMMANDS)
                : null;
                Model model = arguments.load();
                SpeculationArguments.Loaded loaded = speculation.load(model, arguments)) {
            Chat answering = Chat.of(model);
            checkThinking(answering.format());
            if (main.watched && !answering.format().hasTemplate()) {
                main.note("note: no chat template: this model continues text, and cannot hold a conversation");
            }
            try (ChatSession chat = answering.newSession(context.over(cache.sessionOptions(saved), model, main))) {
                context.noteShort(model, chat.session(), main);
                if (continues) {
                    chat.load(sessionFile).ifPresent(e -> main.note(
                            "note: " + Errors.line(e) + "; the model reads the conversation again"));
                }
                if (system != null) {
                    chat.system(system);
                }
                ChatSettings settings = settings(options.withSpeculation(loaded.drafts()), answering, chat);
                ChatTurns turns = new ChatTurns(main, model, chat, settings, sessionFile, stats);
                ChatLoop loop = new ChatLoop(main, chat, turns, settings);
                return run(model, chat, turns, loop, terminal, text, piped);
            }
        }
    }

    /** Returns the message in {@code text} or of {@code --prompt}; null to read messages. */
    private String message(List<String> text) {
        if (text.isEmpty()) {
            return prompt;
        }
        if (prompt != null) {
            throw new ParameterException(spec.commandLine(),
                    "TEXT: expected no --prompt beside it, found '" + String.join(" ", text) + "' and --prompt");
        }
        return String.join(" ", text);
    }

    private GenerationOptions options() {
        if (maxTokens != null) {
            maxTokens = Range.maxTokens(spec, "-n", maxTokens);
        }
        GenerationOptions defaults = GenerationOptions.defaults();
        return Range.checked(spec, () -> defaults.withMaxTokens(maxTokens == null ? defaults.maxTokens() : maxTokens)
                .withSampling(sampling.over(SamplingOptions.defaults())).withStop(stop.toArray(String[]::new))
                .withGrammar(grammar.grammar()).withIgnoreEndOfText(ignoreEndOfText));
    }

    private ChatSettings settings(GenerationOptions options, Chat model, ChatSession chat) {
        PromptFormat format = model.format();
        GenerationOptions all =
                options.withSampling(sampling.over(model.model()));
        boolean whole = maxTokens == null && format.hasTemplate();
        return new ChatSettings(
                whole ? all.withMaxTokens(chat.session().contextLength()) : all,
                format.switchesThinking() ? Boolean.valueOf(!noThinking) : null, templateVariables(format));
    }

    private void checkThinking(PromptFormat format) {
        if (noThinking && !format.switchesThinking()) {
            throw new CommandFailure("--no-thinking: expected a model whose chat template has enable_thinking, found "
                    + (format.hasTemplate() ? "a template without it" : "a model without a template"));
        }
    }

    private TemplateVariables templateVariables(PromptFormat format) {
        TemplateVariables all = new TemplateVariables(format);
        try {
            variables.forEach(all::set);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(e.getMessage());
        }
        return all;
    }

    private Path cacheFile() {
        return sessionFile.resolveSibling(sessionFile.getFileName() + ".cache");
    }

    /** Returns true if there is a conversation to continue, which is read here so that errors come first. */
    private boolean continues() {
        if (sessionFile == null) {
            return false;
        }
        Safetensors.checkWritable(sessionFile);
        DiskSpace.check(sessionFile, Math.max(DiskSpace.SMALL, cacheFile().toFile().length()));
        return Files.exists(sessionFile) && ConversationFile.read(sessionFile) != null;
    }

    private int run(
            Model model, ChatSession chat, ChatTurns turns, ChatLoop loop, TerminalInput terminal, String text,
            String piped) {
        int code;
        try (OnInterrupt interrupt = new OnInterrupt(main)) {
            if (text != null) {
                code = turns.send(text);
            } else if (piped != null) {
                code = loop.run(new PipedInput(piped)) ? Main.DONE : Main.FAILED;
            } else {
                code = Main.DONE;
                talk(model, chat, loop, terminal);
            }
            if (sessionFile != null) {
                interrupt.finish();
                chat.save(sessionFile);
            }
        }
        return main.interrupted ? Main.INTERRUPTED : code;
    }

    private void talk(Model model, ChatSession chat, ChatLoop loop, TerminalInput terminal) {
        terminal.onInterrupt(chat::stop);
        try (WarmUp warmUp = new WarmUp(model, WARM_UP)) {
            main.note("/help lists the commands, Ctrl-D ends the chat");
            loop.run(() -> {
                String text = terminal.next();
                warmUp.stop(); // the first message ends it
                return text;
            });
        } finally {
            terminal.onInterrupt(TerminalInput.END);
        }
    }

    /** Returns the file that typed lines are saved in, or null. */
    private Path history() {
        if (noHistory) {
            return null;
        }
        Path file = ChatHistory.file(main.environment, Path.of(System.getProperty("user.home")));
        try {
            ChatHistory.create(file);
            return file;
        } catch (IOException e) {
            main.note("note: " + Errors.line(Errors.failure(file, "cannot be created", e))
                    + "; the lines that you type are not saved");
            return null;
        }
    }
}
