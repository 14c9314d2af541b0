package io.github.t6j.cli.serve;

import io.github.t6j.T6j;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.SchedulerMetrics;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** GET /props and /slots: the fields of llama.cpp's server that tools read. */
final class Properties {
    private Properties() {}

    /** Returns the answer to /props. */
    static Map<String, Object> props(ServedModel served) {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("n_ctx", (long) served.scheduler().contextLength());
        settings.put("params", params(served.sampling()));
        Map<String, Object> props = new LinkedHashMap<>();
        props.put("default_generation_settings", settings);
        props.put("total_slots", (long) served.scheduler().options().maxRunning());
        props.put("model_alias", served.name());
        props.put("model_path", served.model().path().toString());
        props.put("chat_template", served.format().template().map(ChatTemplate::text).orElse(""));
        Tokenizer tokenizer = served.model().tokenizer();
        props.put("bos_token", text(tokenizer, tokenizer.beginningOfText()));
        props.put("eos_token", text(tokenizer, tokenizer.endOfText()));
        props.put("modalities", Map.of("vision", false, "audio", false));
        props.put("build_info", "t6j " + T6j.version());
        props.put("kernels", served.model().info().kernels());
        return props;
    }

    private static Map<String, Object> params(SamplingOptions model) {
        SamplingOptions sampling = model == null ? SamplingFields.PLAIN : model;
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("temperature", (double) sampling.temperature());
        params.put("top_k", (long) sampling.topK());
        params.put("top_p", (double) sampling.topP());
        params.put("min_p", (double) sampling.minP());
        return params;
    }

    private static String text(Tokenizer tokenizer, int id) {
        return id < 0 ? "" : tokenizer.decode(id);
    }

    /** Returns the answer to /slots: one for each generation that may run at once, the busy ones first. */
    static List<Object> slots(ServedModel served) {
        int busy = served.scheduler().metrics().running();
        List<Object> slots = new ArrayList<>();
        for (int id = 0; id < served.scheduler().options().maxRunning(); id++) {
            Map<String, Object> slot = new LinkedHashMap<>();
            slot.put("id", (long) id);
            slot.put("n_ctx", (long) served.scheduler().contextLength());
            slot.put("is_processing", id < busy);
            slots.add(slot);
        }
        return slots;
    }

    /** Returns true if another generation would begin at once. */
    static boolean hasFreeSlot(ServedModel served) {
        SchedulerMetrics now = served.scheduler().metrics();
        return now.running() < served.scheduler().options().maxRunning() && now.waiting() == 0;
    }
}
