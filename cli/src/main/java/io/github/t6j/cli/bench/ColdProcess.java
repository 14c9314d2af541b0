package io.github.t6j.cli.bench;

import io.github.t6j.Model;
import io.github.t6j.SessionOptions;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.bench.BenchResult.Conditions;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs tests of one model in fresh processes, each of which runs one test once. */
final class ColdProcess {
    private final List<String> arguments;

    /** @param arguments command line of the processes, without the name of the test */
    ColdProcess(List<String> arguments) {
        this.arguments = arguments;
    }

    /** Returns the result of {@code test}, with one process for each repetition. */
    BenchResult measure(
            String name, Model model, SessionOptions options, BenchCase test, int threads, int repetitions) {
        double[] seconds = new double[repetitions];
        double cpuSeconds = 0;
        double others = 0;
        Map<String, Object> row = Map.of();
        for (int i = 0; i < repetitions; i++) {
            row = run(test);
            seconds[i] = (double) test.tokens() * test.batch() / number(row, "tokens_per_second");
            cpuSeconds += number(row, "cpu_seconds") / repetitions;
            others = Math.max(others, number(row, "other_processors"));
        }
        double stepBytes = test.reading()
                ? 0
                : number(row, "bytes_per_second") / number(row, "tokens_per_second") * test.batch();
        Conditions conditions =
                new Conditions(cpuSeconds, others, (long) number(row, "huge_pages_bytes"), true, true);
        return new BenchResult(
                name, model.info(), model.weightBytes(), model.weightType(), threads, test, options.cacheType(),
                seconds,
                stepBytes, number(row, "read_bandwidth"), test.reading() ? 0 : number(row, "sampling_share"),
                conditions, (long) number(row, "cache_bytes"), (long) number(row, "cache_bytes_per_token"));
    }

    private static double number(Map<String, Object> row, String field) {
        return ((Number) row.get(field)).doubleValue();
    }

    /** Runs {@code test} once in a new process, which an interrupt ends. @return the row that it prints */
    private Map<String, Object> run(BenchCase test) {
        List<String> command = java();
        command.addAll(arguments);
        command.addAll(List.of("--cold-test", test.name()));
        Process process = null;
        try {
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            process.getOutputStream().close();
            FutureTask<byte[]> out = new FutureTask<>(process.getInputStream()::readAllBytes);
            Thread.startVirtualThread(out); // an interrupt ends waiting, but not reading
            int code = process.waitFor();
            if (code != 0) {
                throw new CommandFailure("--cold: " + test.name() + ": its process ended with code " + code
                        + ": run bench without --cold to see why");
            }
            return Json.object(Json.array(Json.parse(out.get(), test.name()), "rows").getFirst(), "row");
        } catch (IOException | ExecutionException e) {
            throw new CommandFailure("--cold: cannot run " + command.getFirst() + ": " + e.getMessage());
        } catch (InterruptedException e) {
            throw new CancellationException("interrupted");
        } finally {
            if (process != null) {
                process.destroy();
            }
        }
    }

    /** Returns the command that starts t6j with this process's options, except those for the launcher's streams. */
    private static List<String> java() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> !argument.matches("-Dt6j\\.(stderr|shown|watched)=.*|-agentlib.*"))
                .forEach(command::add);
        boolean isModule = Main.class.getModule().isNamed();
        command.addAll(isModule
                ? List.of("--module", Main.class.getModule().getName() + "/" + Main.class.getName())
                : List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        return command;
    }
}
