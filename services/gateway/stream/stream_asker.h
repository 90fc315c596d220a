// SPDX-License-Identifier: MIT
// stream_asker: what the streams have to ask other services, so that their one thread never waits.
//
// A stream has at most one question under way, so what waits here is bounded by their number.
//
// Threads: a few of its own, in which `answered` is called. Memory: a few kilobytes a question.
#pragma once

#include "gateway.h"
#include "rest/credential.h"
#include "rpc/rpc.h"
#include "stream/stream_feeds.h"
#include "stream/stream_topics.h"

enum { STREAM_CREDENTIAL_ID_SIZE = 129, STREAM_CREDENTIAL_SECRET_SIZE = 2048 };

// A credential that lives as long as its stream.
struct stream_credential {
    enum credential_kind kind;
    char id[STREAM_CREDENTIAL_ID_SIZE];
    char secret[STREAM_CREDENTIAL_SECRET_SIZE];
};

enum stream_question_kind { STREAM_ASKS_WHO, STREAM_ASKS_STATE, STREAM_ASKS_MINUTES };

// The present minute of a ticker, and the one before, as members of a JSON object.
struct stream_minute {
    char ticker[STREAM_TICKER_SIZE];
    char *text; // NULL until it has been answered; owned
    size_t length;
};

struct stream_question {
    struct stream_question *next;
    struct stream_connection *connection; // NULL for minutes, which are asked for all streams
    enum stream_question_kind kind;
    char client_address[CLIENT_ADDRESS_SIZE];
    struct stream_credential credential; // of a question who somebody is
    struct stream_topic topic;           // of one for a state
    char *token;                         // given with a state, and answered to who; owned
    struct stream_minute *minutes;       // of one for minutes; owned
    size_t minute_count;
    // The answer.
    bool is_answered; // otherwise `error` says why not
    struct error error;
    struct identity identity;
    char *text; // the state as members of a JSON object; owned
    size_t length;
    // Of one for events.
    bool is_snapshot;
    bool has_news; // otherwise there is nothing to be sent
    bool has_more; // after those in the text
    int64_t after; // up to here all is in the text
};

struct stream_asker;

MUST_CHECK bool stream_asker_new(struct gateway *gateway,
                                 void (*answered)(void *context, struct stream_question *question),
                                 void *context,
                                 struct stream_asker **out_asker,
                                 struct error *error);
// Waits for the questions under way; those that wait are given back unanswered.
void stream_asker_free(struct stream_asker **asker);

// Takes the question over until it is answered.
void stream_asker_put(struct stream_asker *asker, struct stream_question *question);

void stream_question_free(struct stream_question *question);
