package io.github.t6j.cli.generate;

import io.github.t6j.FinishReason;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.OnInterrupt;
import io.github.t6j.cli.io.OutputArguments;
import io.github.t6j.cli.io.Range;
import io.github.t6j.cli.io.Spinner;
import io.github.t6j.cli.io.TerminalColumns;
import io.github.t6j.cli.io.Text;
import io.github.t6j.cli.io.WordWrap;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.tokenizer.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.IntFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code t6j generate}: continues a text. */
@Command(
        name = "generate",
        description = {"Continues a text.", "Prints the continuation, followed by a newline."},
        footer = {
            "",
            "Examples:",
            "  t6j generate \"Once upon a time\" -n 64 --seed 7",
            "  t6j generate --temp 0 --stop . --stats \"One day\"",
            "  t6j generate --json < prompt.txt",
            "  t6j generate -f prompt.txt --json --stream --logprobs 3",
            "  t6j generate \"One day\" --session chat.t6j",
            "  t6j generate \"It was\" --samples 4 --seed 1",
            "  t6j generate --json-schema schema.json \"As JSON: \"",
            "  t6j generate --prompts in.jsonl --out out.jsonl --seed 1"
        })
public final class GenerateCommand extends SessionCommand {
    private static final int LONGEST_ECHO = 1000;

    @Mixin
    private PromptArguments prompt;

    @Option(names = {"-n", "--n-predict", "--max-tokens"}, paramLabel = "N", defaultValue = "128",
            description = "Maximum number of tokens to generate; -1 for no limit (default: ${DEFAULT-VALUE}).")
    private int maxTokens;

    @Mixin
    private SamplingArguments sampling;

    @Option(names = "--stop", paramLabel = "STR", description = "Stop before this text; repeatable.")
    private List<String> stop = List.of();

    @Option(names = "--ignore-eos", description = "Continue past the model's end tokens, such as <|endoftext|>.")
    private boolean ignoreEndOfText;

    @Mixin
    private GrammarArguments grammar;

    @Mixin
    private SpeculationArguments speculation;

    @Option(names = "--samples", paramLabel = "N",
            description = {"Generate N continuations, with the seeds S, S + 1, …, and print them at the end.",
                "Each follows a line with its number and seed."})
    private Integer samples;

    @Mixin
    private ContextArguments context;

    @Mixin
    private PromptsArguments prompts;

    @Option(names = "--session", paramLabel = "FILE",
            description = {"Continue the session in FILE, if it exists, with the prompt.",
                "Save the session there at the end. The file keeps the type of the cache."})
    private Path sessionFile;

    @Mixin
    private OutputArguments output;

    @Override
    public Integer call() {
        arguments.check();
        GenerationOptions options = options();
        if (prompts.given()) {
            try (Model model = arguments.load();
                    SpeculationArguments.Loaded loaded = speculation.load(model, arguments)) {
                options = options.withSampling(sampling.over(model)).withSpeculation(loaded.drafts());
                return prompts.run(main, model, options, context.over(cache.sessionOptions(), model, main));
            }
        }
        CacheType saved = sessionFile == null ? null : SavedSession.cacheType(sessionFile);
        String text = prompt.read(main);
        try (Model model = arguments.load();
                SpeculationArguments.Loaded loaded = speculation.load(model, arguments);
                Session session = model.newSession(context.over(cache.sessionOptions(saved), model, main))) {
            options = options.withSampling(sampling.over(model)).withSpeculation(loaded.drafts());
            context.noteShort(model, session, main);
            if (sessionFile != null && Files.exists(sessionFile)) {
                session.restore(sessionFile);
            }
            int promptEnd = session.position() + promptIds(model, session, text);
            checkFits(promptEnd, session);
            if (sessionFile != null) { // the model may end the text at once, unless it must not
                int max = Math.min(session.contextLength() - promptEnd, ignoreEndOfText ? maxTokens : 0);
                SavedSession.checkSpace(sessionFile, model, session, promptEnd + max);
            }
            try (OnInterrupt interrupt = new OnInterrupt(main)) {
                int code = samples == null
                        ? generate(model, session, text, promptEnd, options)
                        : generateSamples(model, session, text, promptEnd, options);
                // An interrupted prompt is not saved: giving it again would repeat its beginning.
                if (sessionFile != null && session.position() >= promptEnd) {
                    interrupt.finish();
                    session.save(sessionFile);
                }
                return code;
            }
        }
    }

    private GenerationOptions options() {
        maxTokens = Range.maxTokens(spec, "-n", maxTokens);
        prompt.check();
        output.check(samples != null);
        prompts.check(prompt.given() || samples != null || sessionFile != null || output.json() || output.stats());
        if (samples != null) {
            Range.atLeast(spec, "--samples", samples, 1);
            if (sessionFile != null) {
                throw new ParameterException(
                        spec.commandLine(), "--samples: expected no --session, which saves one continuation only");
            }
        }
        context.check();
        speculation.check();
        return Range.checked(
                spec, () -> GenerationOptions.defaults().withMaxTokens(maxTokens)
                        .withSampling(sampling.over(SamplingOptions.defaults())).withStop(stop.toArray(String[]::new))
                        .withGrammar(grammar.grammar()).withIgnoreEndOfText(ignoreEndOfText));
    }

    private static int promptIds(Model model, Session session, String text) {
        Tokenizer tokenizer = model.tokenizer();
        return (session.position() == 0 ? tokenizer.encodePrompt(text) : tokenizer.encode(text)).length;
    }

    private static void checkFits(int ids, Session session) {
        if (ids > session.contextLength()) {
            String kept = session.position() == 0 ? "" : " (" + session.position() + " of them in --session)";
            throw new CommandFailure("prompt: expected at most " + session.contextLength() + " tokens, the context, "
                    + "found " + ids + kept + ": shorten it or use a larger --context");
        }
    }

    private int generate(Model model, Session session, String text, int promptEnd, GenerationOptions options) {
        try (Spinner waiting = new Spinner(main, new Reading(session, promptEnd));
                TerminalColumns columns = new TerminalColumns(main)) {
            GenerationPrinter printer =
                    new GenerationPrinter(main, output, session, model.tokenizer(), waiting, columns, echo(text));
            Generation generation = session.generate(text, options, printer);
            printer.end(generation);
            noteFullContext(List.of(generation), session);
            if (output.stats()) {
                print(Stats.of(generation, printer::timeOfLast, session, model, options), model, options);
            }
            return generation.finishReason() == FinishReason.CANCELLED ? Main.INTERRUPTED : Main.DONE;
        } catch (CancellationException e) {
            main.out.println("");
            return Main.INTERRUPTED;
        }
    }

    private int generateSamples(Model model, Session session, String text, int promptEnd, GenerationOptions options) {
        List<Generation> generations;
        try (Spinner _ = new Spinner(main, new Reading(session, promptEnd))) {
            generations = session.generateSamples(Prompt.of(text), samples, options);
        } catch (CancellationException e) {
            return Main.INTERRUPTED;
        }
        if (output.json()) {
            main.out.print(Json.write(generations.stream().map(GenerationPrinter::object).toList()));
        }
        if (!output.json()) {
            print(generations);
        }
        noteFullContext(generations, session);
        if (output.stats()) {
            print(Stats.ofSamples(generations, session, model, options), model, options);
        }
        boolean cancelled =
                generations.stream().anyMatch(generation -> generation.finishReason() == FinishReason.CANCELLED);
        return cancelled ? Main.INTERRUPTED : Main.DONE;
    }

    private void print(List<Generation> generations) {
        try (TerminalColumns columns = new TerminalColumns(main)) {
            WordWrap lines = new WordWrap(columns, main.out::print);
            for (int i = 0; i < generations.size(); i++) {
                Generation generation = generations.get(i);
                main.out.println("--- " + (i + 1) + " of " + samples + ", seed " + generation.seed());
                lines.append(generation.text());
                lines.end();
                main.out.println("");
            }
        }
    }

    private void print(List<String> stats, Model model, GenerationOptions options) {
        stats.forEach(main.err::println);
        main.err.println(sampling.stats(model.sampling().isPresent(), options.sampling()));
        Stats.ofProcess(arguments.loadTime()).forEach(main.err::println);
    }

    /** Returns the prompt to show before the continuation on a terminal; empty otherwise. */
    private String echo(String text) {
        return main.terminal && output.echo() ? main.style().dim(Text.printableEnd(text, LONGEST_ECHO)) : "";
    }

    /** Progress of a generation that has printed nothing yet. */
    private record Reading(Session session, int begin, int end) implements IntFunction<String> {
        Reading(Session session, int end) {
            this(session, session.position(), end);
        }

        @Override
        public String apply(int seconds) {
            int read = session.position() - begin;
            return session.position() < end
                    ? String.format(Locale.ROOT, "reading the prompt %.1f %%", 100.0 * read / (end - begin))
                    : "generating " + seconds + " s";
        }
    }

    private void noteFullContext(List<Generation> generations, Session session) {
        if (generations.stream().anyMatch(generation -> generation.finishReason() == FinishReason.CONTEXT_FULL)) {
            main.note("note: the text ends because the context of " + session.contextLength()
                    + " tokens is full; use a larger --context for longer texts");
        }
    }
}
