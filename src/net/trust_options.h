// SPDX-License-Identifier: Apache-2.0
//
// The options by which the daemons are told whom to believe. In the struct of options they are a
// struct cr_trust_files called trust.
#pragma once

#include <stddef.h>

#include "common/args.h"

#define CR_TRUST_ROW(type, name, field, variable, help)                                      \
	{                                                                                    \
		name, 0, CR_ARG_TEXT, CR_ARG_FIELD(type, trust.field), 0, 0, NULL, variable, \
			"FILE", help                                                         \
	}
#define CR_TRUST_ROWS(type)                                                   \
	CR_TRUST_ROW(type, "key", key, "CR_KEY", "key of the whole cluster"), \
		CR_TRUST_ROW(type, "tls-cert", cert, "CR_TLS_CERT",           \
			     "instead of a key: certificate (PEM)"),          \
		CR_TRUST_ROW(type, "tls-key", cert_key, "CR_TLS_KEY",         \
			     "the certificate's private key"),                \
		CR_TRUST_ROW(type, "tls-ca", ca, "CR_TLS_CA",                 \
			     "who signs the cluster's certificates")
