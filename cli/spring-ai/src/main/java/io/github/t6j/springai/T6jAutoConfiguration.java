package io.github.t6j.springai;

import io.github.t6j.Model;
import io.github.t6j.chat.Chat;
import io.github.t6j.schedule.Scheduler;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of chats by the model of {@link T6jModelAutoConfiguration}, unless {@code spring.ai.model.chat}
 * chooses another provider than {@code t6j}. Your own bean replaces any of these.
 */
@AutoConfiguration(after = T6jModelAutoConfiguration.class)
@ConditionalOnProperty(name = "spring.ai.model.chat", havingValue = "t6j", matchIfMissing = true)
@EnableConfigurationProperties(T6jProperties.class)
public class T6jAutoConfiguration {
    /** Creates the configuration. */
    public T6jAutoConfiguration() {}

    /** Returns the scheduler, which answers many prompts at once; the context closes it before the model. */
    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    @ConditionalOnBean(Model.class)
    Scheduler t6jScheduler(Model model) {
        return new Scheduler(model);
    }

    /** Returns the model with its chat template. */
    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean(Model.class)
    Chat t6jChat(Model model, Scheduler scheduler) {
        return Chat.of(model).withScheduler(scheduler);
    }

    /** Returns the chat model for Spring AI. */
    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean(Chat.class)
    T6jChatModel t6jChatModel(Chat chat, T6jProperties properties) {
        return new T6jChatModel(chat, properties.options(chat));
    }
}
