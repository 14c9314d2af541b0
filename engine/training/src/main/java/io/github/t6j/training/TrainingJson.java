package io.github.t6j.training;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.training.data.DataFingerprint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Contents of {@code training.json} of a checkpoint. Together with the weights and the moments of AdamW, it lets a run
 * continue as if it had not stopped. The file is untrusted input, so every number is checked.
 *
 * @param steps number of updates made
 * @param options options of the run
 * @param data fingerprint of the data, or null if the run has read none
 * @param order state of the {@link BatchOrder} over the data; empty without data
 */
record TrainingJson(long steps, TrainingOptions options, DataFingerprint data, long[] order) {
    private static final long FORMAT = 1;
    private static final int MAX_ORDER = 16;

    String write() {
        TrainingOptions.Batches batches = options.batches();
        LearningRate rate = options.rate();
        TrainingOptions.Optimizer optimizer = options.optimizer();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("format", FORMAT);
        json.put("steps", steps);
        json.put("seed", options.seed());
        json.put("initialization", options.initialization().name());
        json.put("context", (long) batches.context());
        json.put("sequences", (long) batches.sequences());
        json.put("accumulation", (long) batches.accumulation());
        json.put("adds", batches.adds());
        json.put("data_order", batches.order().name());
        json.put("learning_rate", rate.maximum());
        json.put("min_learning_rate", rate.minimum());
        json.put("warmup", rate.plans().getFirst().warmup());
        json.put("updates", rate.plans().getFirst().updates());
        if (rate.plans().size() > 1) {
            json.put("renewals", rate.plans().stream().skip(1)
                    .map(plan -> List.of(plan.step(), plan.warmup(), plan.updates())).toList());
        }
        json.put("beta1", optimizer.beta1());
        json.put("beta2", optimizer.beta2());
        json.put("epsilon", optimizer.epsilon());
        json.put("weight_decay", optimizer.decay());
        json.put("decays_vectors", optimizer.decaysVectors());
        json.put("clip", optimizer.clip());
        if (data != null) {
            json.put("data_ids", data.ids());
            json.put("data_checksum", data.checksum());
            json.put("order", Arrays.stream(order).boxed().toList());
        }
        return Json.write(json);
    }

    /** @throws ModelFormatException if the JSON is invalid or a value is out of range */
    static TrainingJson parse(byte[] bytes, String where) {
        return new Reader(Json.parseObject(bytes, where), where).read();
    }

    private record Reader(Map<String, Object> json, String where) {
        TrainingJson read() {
            if (whole("format", 0) != FORMAT) {
                throw wrong("format", Long.toString(FORMAT));
            }
            try {
                LearningRate rate = new LearningRate(
                        number("learning_rate"), number("min_learning_rate"), plans());
                TrainingOptions options = TrainingOptions.defaults(rate.updates()).withRate(rate)
                        .withBatches(batches()).withOptimizer(optimizer())
                        .withInitialization(constant("initialization", Initialization.values()))
                        .withSeed(whole("seed", Long.MIN_VALUE));
                boolean begun = json.containsKey("order");
                DataFingerprint data =
                        begun ? new DataFingerprint(whole("data_ids", 1), whole("data_checksum", 0)) : null;
                return new TrainingJson(whole("steps", 0), options, data, begun ? order() : new long[0]);
            } catch (IllegalArgumentException e) {
                throw new ModelFormatException(where + ": " + e.getMessage(), e);
            }
        }

        private List<LearningRate.Plan> plans() {
            List<LearningRate.Plan> plans = new ArrayList<>();
            plans.add(new LearningRate.Plan(0, whole("warmup", 0), whole("updates", 1)));
            List<Object> renewals = json.containsKey("renewals")
                    ? Json.array(json.get("renewals"), where + ": renewals")
                    : List.of();
            for (Object renewal : renewals) {
                if (!(renewal instanceof List<?> list && list.size() == 3 && list.get(0) instanceof Long step
                        && list.get(1) instanceof Long warmup && list.get(2) instanceof Long updates)) {
                    throw wrong("renewals", "lists of three whole numbers");
                }
                plans.add(new LearningRate.Plan(step, warmup, updates));
            }
            return plans;
        }

        private TrainingOptions.Batches batches() {
            return TrainingOptions.Batches.defaults().withSequences(1).withContext(size("context"))
                    .withSequences(size("sequences")).withAccumulation(size("accumulation")).withAdds(flag("adds"))
                    .withOrder(constant("data_order", BatchOrder.Order.values()));
        }

        private TrainingOptions.Optimizer optimizer() {
            return TrainingOptions.Optimizer.defaults().withBeta1(number("beta1")).withBeta2(number("beta2"))
                    .withEpsilon(number("epsilon")).withDecay(number("weight_decay"))
                    .withDecaysVectors(flag("decays_vectors")).withClip(number("clip"));
        }

        private <E extends Enum<E>> E constant(String key, E[] all) {
            for (E constant : all) {
                if (constant.name().equals(json.get(key))) {
                    return constant;
                }
            }
            throw wrong(key, "one of " + Arrays.toString(all));
        }

        private long[] order() {
            List<Object> list = Json.array(json.get("order"), where + ": order");
            if (list.size() > MAX_ORDER || !list.stream().allMatch(Long.class::isInstance)) {
                throw wrong("order", "at most " + MAX_ORDER + " whole numbers");
            }
            return list.stream().mapToLong(Long.class::cast).toArray();
        }

        private long whole(String key, long min) {
            if (json.get(key) instanceof Long value && value >= min) {
                return value;
            }
            throw wrong(key, min == Long.MIN_VALUE ? "a whole number" : "a whole number from " + min);
        }

        private int size(String key) {
            long value = whole(key, 1);
            if (value > Integer.MAX_VALUE) {
                throw wrong(key, "a whole number to " + Integer.MAX_VALUE);
            }
            return (int) value;
        }

        private double number(String key) {
            if (json.get(key) instanceof Number value) {
                return value.doubleValue();
            }
            throw wrong(key, "a number");
        }

        private boolean flag(String key) {
            if (json.get(key) instanceof Boolean value) {
                return value;
            }
            throw wrong(key, "true or false");
        }

        private ModelFormatException wrong(String key, String expected) {
            return new ModelFormatException(where + ": " + key + ": expected " + expected + ", found " + json.get(key)
                    + ": delete this folder and resume from the checkpoint before it");
        }
    }
}
