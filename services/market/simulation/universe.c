// SPDX-License-Identifier: MIT
#include "simulation/universe.h"

#include "money/money.h"
#include "simulation/simulation_math.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BASIS_POINTS_OF_PERCENT = 100,
    USUAL_VOLATILITY = 30,
    LEAST_PRICE = 10, // of a symbol of which nothing is known
    PRICES = 241,
};

// In order of tickers.
// clang-format off
static const struct universe_entry entries[] = {
    {"A", "Agilent Technologies, Inc.", "NYSE", "Health Care", 130, 28},
    {"AAPL", "Apple Inc.", "NASDAQ", "Technology", 230, 28},
    {"ABBV", "AbbVie Inc.", "NYSE", "Health Care", 190, 24},
    {"ABNB", "Airbnb, Inc.", "NASDAQ", "Consumer Discretionary", 130, 38},
    {"ABT", "Abbott Laboratories", "NYSE", "Health Care", 125, 22},
    {"ACN", "Accenture plc", "NYSE", "Technology", 300, 26},
    {"ADBE", "Adobe Inc.", "NASDAQ", "Technology", 420, 34},
    {"ADI", "Analog Devices, Inc.", "NASDAQ", "Technology", 220, 32},
    {"ADP", "Automatic Data Processing, Inc.", "NASDAQ", "Industrials", 300, 20},
    {"AIG", "American International Group, Inc.", "NYSE", "Financials", 80, 24},
    {"AMAT", "Applied Materials, Inc.", "NASDAQ", "Technology", 180, 40},
    {"AMD", "Advanced Micro Devices, Inc.", "NASDAQ", "Technology", 150, 48},
    {"AMGN", "Amgen Inc.", "NASDAQ", "Health Care", 290, 25},
    {"AMT", "American Tower Corporation", "NYSE", "Real Estate", 205, 26},
    {"AMZN", "Amazon.com, Inc.", "NASDAQ", "Consumer Discretionary", 210, 32},
    {"AVGO", "Broadcom Inc.", "NASDAQ", "Technology", 240, 42},
    {"AXP", "American Express Company", "NYSE", "Financials", 290, 28},
    {"BA", "The Boeing Company", "NYSE", "Industrials", 190, 36},
    {"BAC", "Bank of America Corporation", "NYSE", "Financials", 44, 27},
    {"BIIB", "Biogen Inc.", "NASDAQ", "Health Care", 150, 32},
    {"BK", "The Bank of New York Mellon Corporation", "NYSE", "Financials", 85, 24},
    {"BKNG", "Booking Holdings Inc.", "NASDAQ", "Consumer Discretionary", 5000, 28},
    {"BLK", "BlackRock, Inc.", "NYSE", "Financials", 1000, 26},
    {"BMY", "Bristol-Myers Squibb Company", "NYSE", "Health Care", 55, 25},
    {"BRK.B", "Berkshire Hathaway Inc. Class B", "NYSE", "Financials", 480, 17},
    {"C", "Citigroup Inc.", "NYSE", "Financials", 75, 30},
    {"CAT", "Caterpillar Inc.", "NYSE", "Industrials", 370, 30},
    {"CB", "Chubb Limited", "NYSE", "Financials", 280, 20},
    {"CHTR", "Charter Communications, Inc.", "NASDAQ", "Communication Services", 350, 38},
    {"CL", "Colgate-Palmolive Company", "NYSE", "Consumer Staples", 90, 17},
    {"CMCSA", "Comcast Corporation", "NASDAQ", "Communication Services", 36, 26},
    {"COF", "Capital One Financial Corporation", "NYSE", "Financials", 190, 34},
    {"COP", "ConocoPhillips", "NYSE", "Energy", 100, 32},
    {"COST", "Costco Wholesale Corporation", "NASDAQ", "Consumer Staples", 950, 22},
    {"CRM", "Salesforce, Inc.", "NYSE", "Technology", 280, 34},
    {"CSCO", "Cisco Systems, Inc.", "NASDAQ", "Technology", 62, 22},
    {"CVS", "CVS Health Corporation", "NYSE", "Health Care", 62, 32},
    {"CVX", "Chevron Corporation", "NYSE", "Energy", 155, 26},
    {"DAL", "Delta Air Lines, Inc.", "NYSE", "Industrials", 55, 40},
    {"DE", "Deere & Company", "NYSE", "Industrials", 450, 28},
    {"DHR", "Danaher Corporation", "NYSE", "Health Care", 215, 27},
    {"DIA", "SPDR Dow Jones Industrial Average ETF Trust", "NYSE Arca", "Funds", 430, 15},
    {"DIS", "The Walt Disney Company", "NYSE", "Communication Services", 110, 28},
    {"DOW", "Dow Inc.", "NYSE", "Materials", 32, 34},
    {"DUK", "Duke Energy Corporation", "NYSE", "Utilities", 115, 18},
    {"EBAY", "eBay Inc.", "NASDAQ", "Consumer Discretionary", 70, 32},
    {"EMR", "Emerson Electric Co.", "NYSE", "Industrials", 120, 28},
    {"EQIX", "Equinix, Inc.", "NASDAQ", "Real Estate", 850, 28},
    {"ETN", "Eaton Corporation plc", "NYSE", "Industrials", 320, 32},
    {"EXC", "Exelon Corporation", "NASDAQ", "Utilities", 43, 19},
    {"F", "Ford Motor Company", "NYSE", "Consumer Discretionary", 11, 36},
    {"FCX", "Freeport-McMoRan Inc.", "NYSE", "Materials", 42, 40},
    {"FDX", "FedEx Corporation", "NYSE", "Industrials", 260, 32},
    {"GD", "General Dynamics Corporation", "NYSE", "Industrials", 280, 21},
    {"GE", "GE Aerospace", "NYSE", "Industrials", 200, 30},
    {"GILD", "Gilead Sciences, Inc.", "NASDAQ", "Health Care", 105, 25},
    {"GIS", "General Mills, Inc.", "NYSE", "Consumer Staples", 60, 19},
    {"GLD", "SPDR Gold Shares", "NYSE Arca", "Funds", 270, 16},
    {"GM", "General Motors Company", "NYSE", "Consumer Discretionary", 50, 35},
    {"GOOG", "Alphabet Inc. Class C", "NASDAQ", "Communication Services", 182, 29},
    {"GOOGL", "Alphabet Inc. Class A", "NASDAQ", "Communication Services", 180, 29},
    {"GS", "The Goldman Sachs Group, Inc.", "NYSE", "Financials", 580, 29},
    {"HD", "The Home Depot, Inc.", "NYSE", "Consumer Discretionary", 385, 24},
    {"HON", "Honeywell International Inc.", "NASDAQ", "Industrials", 215, 22},
    {"HPQ", "HP Inc.", "NYSE", "Technology", 30, 32},
    {"IBM", "International Business Machines Corporation", "NYSE", "Technology", 240, 24},
    {"INTC", "Intel Corporation", "NASDAQ", "Technology", 24, 48},
    {"INTU", "Intuit Inc.", "NASDAQ", "Technology", 630, 31},
    {"ISRG", "Intuitive Surgical, Inc.", "NASDAQ", "Health Care", 520, 32},
    {"IVV", "iShares Core S&P 500 ETF", "NYSE Arca", "Funds", 600, 16},
    {"IWM", "iShares Russell 2000 ETF", "NYSE Arca", "Funds", 220, 22},
    {"JNJ", "Johnson & Johnson", "NYSE", "Health Care", 155, 18},
    {"JPM", "JPMorgan Chase & Co.", "NYSE", "Financials", 250, 25},
    {"KHC", "The Kraft Heinz Company", "NASDAQ", "Consumer Staples", 30, 21},
    {"KLAC", "KLA Corporation", "NASDAQ", "Technology", 720, 40},
    {"KMI", "Kinder Morgan, Inc.", "NYSE", "Energy", 27, 24},
    {"KO", "The Coca-Cola Company", "NYSE", "Consumer Staples", 68, 16},
    {"LIN", "Linde plc", "NASDAQ", "Materials", 460, 20},
    {"LLY", "Eli Lilly and Company", "NYSE", "Health Care", 800, 34},
    {"LMT", "Lockheed Martin Corporation", "NYSE", "Industrials", 470, 22},
    {"LOW", "Lowe's Companies, Inc.", "NYSE", "Consumer Discretionary", 250, 26},
    {"LRCX", "Lam Research Corporation", "NASDAQ", "Technology", 80, 42},
    {"LUV", "Southwest Airlines Co.", "NYSE", "Industrials", 31, 36},
    {"MA", "Mastercard Incorporated", "NYSE", "Financials", 530, 22},
    {"MCD", "McDonald's Corporation", "NYSE", "Consumer Discretionary", 295, 18},
    {"MDLZ", "Mondelez International, Inc.", "NASDAQ", "Consumer Staples", 63, 19},
    {"MDT", "Medtronic plc", "NYSE", "Health Care", 88, 21},
    {"MET", "MetLife, Inc.", "NYSE", "Financials", 82, 26},
    {"META", "Meta Platforms, Inc.", "NASDAQ", "Communication Services", 600, 37},
    {"MMM", "3M Company", "NYSE", "Industrials", 135, 28},
    {"MO", "Altria Group, Inc.", "NYSE", "Consumer Staples", 55, 19},
    {"MRK", "Merck & Co., Inc.", "NYSE", "Health Care", 95, 23},
    {"MRNA", "Moderna, Inc.", "NASDAQ", "Health Care", 40, 65},
    {"MS", "Morgan Stanley", "NYSE", "Financials", 130, 29},
    {"MSFT", "Microsoft Corporation", "NASDAQ", "Technology", 430, 25},
    {"MU", "Micron Technology, Inc.", "NASDAQ", "Technology", 100, 48},
    {"NEE", "NextEra Energy, Inc.", "NYSE", "Utilities", 73, 27},
    {"NEM", "Newmont Corporation", "NYSE", "Materials", 45, 36},
    {"NFLX", "Netflix, Inc.", "NASDAQ", "Communication Services", 900, 36},
    {"NKE", "NIKE, Inc.", "NYSE", "Consumer Discretionary", 75, 32},
    {"NOC", "Northrop Grumman Corporation", "NYSE", "Industrials", 480, 23},
    {"NOW", "ServiceNow, Inc.", "NYSE", "Technology", 950, 35},
    {"NVDA", "NVIDIA Corporation", "NASDAQ", "Technology", 135, 50},
    {"ORCL", "Oracle Corporation", "NYSE", "Technology", 165, 34},
    {"OXY", "Occidental Petroleum Corporation", "NYSE", "Energy", 48, 34},
    {"PANW", "Palo Alto Networks, Inc.", "NASDAQ", "Technology", 185, 38},
    {"PEP", "PepsiCo, Inc.", "NASDAQ", "Consumer Staples", 150, 17},
    {"PFE", "Pfizer Inc.", "NYSE", "Health Care", 26, 26},
    {"PG", "The Procter & Gamble Company", "NYSE", "Consumer Staples", 168, 16},
    {"PGR", "The Progressive Corporation", "NYSE", "Financials", 245, 24},
    {"PLD", "Prologis, Inc.", "NYSE", "Real Estate", 110, 29},
    {"PLTR", "Palantir Technologies Inc.", "NASDAQ", "Technology", 75, 62},
    {"PM", "Philip Morris International Inc.", "NYSE", "Consumer Staples", 130, 21},
    {"PNC", "The PNC Financial Services Group, Inc.", "NYSE", "Financials", 195, 28},
    {"PYPL", "PayPal Holdings, Inc.", "NASDAQ", "Financials", 80, 38},
    {"QCOM", "QUALCOMM Incorporated", "NASDAQ", "Technology", 160, 36},
    {"QQQ", "Invesco QQQ Trust", "NASDAQ", "Funds", 520, 21},
    {"REGN", "Regeneron Pharmaceuticals, Inc.", "NASDAQ", "Health Care", 700, 30},
    {"RTX", "RTX Corporation", "NYSE", "Industrials", 120, 22},
    {"SBUX", "Starbucks Corporation", "NASDAQ", "Consumer Discretionary", 95, 30},
    {"SCHW", "The Charles Schwab Corporation", "NYSE", "Financials", 76, 30},
    {"SHW", "The Sherwin-Williams Company", "NYSE", "Materials", 350, 25},
    {"SLB", "SLB", "NYSE", "Energy", 42, 34},
    {"SO", "The Southern Company", "NYSE", "Utilities", 88, 18},
    {"SPG", "Simon Property Group, Inc.", "NYSE", "Real Estate", 175, 26},
    {"SPGI", "S&P Global Inc.", "NYSE", "Financials", 500, 23},
    {"SPY", "SPDR S&P 500 ETF Trust", "NYSE Arca", "Funds", 600, 16},
    {"SYK", "Stryker Corporation", "NYSE", "Health Care", 375, 23},
    {"T", "AT&T Inc.", "NYSE", "Communication Services", 23, 23},
    {"TGT", "Target Corporation", "NYSE", "Consumer Staples", 130, 34},
    {"TJX", "The TJX Companies, Inc.", "NYSE", "Consumer Discretionary", 120, 20},
    {"TLT", "iShares 20+ Year Treasury Bond ETF", "NASDAQ", "Funds", 90, 15},
    {"TMO", "Thermo Fisher Scientific Inc.", "NYSE", "Health Care", 530, 26},
    {"TMUS", "T-Mobile US, Inc.", "NASDAQ", "Communication Services", 230, 22},
    {"TRV", "The Travelers Companies, Inc.", "NYSE", "Financials", 245, 23},
    {"TSLA", "Tesla, Inc.", "NASDAQ", "Consumer Discretionary", 300, 58},
    {"TXN", "Texas Instruments Incorporated", "NASDAQ", "Technology", 190, 31},
    {"UAL", "United Airlines Holdings, Inc.", "NASDAQ", "Industrials", 80, 45},
    {"UBER", "Uber Technologies, Inc.", "NYSE", "Industrials", 70, 38},
    {"UNH", "UnitedHealth Group Incorporated", "NYSE", "Health Care", 500, 28},
    {"UNP", "Union Pacific Corporation", "NYSE", "Industrials", 235, 22},
    {"UPS", "United Parcel Service, Inc.", "NYSE", "Industrials", 125, 28},
    {"USB", "U.S. Bancorp", "NYSE", "Financials", 47, 29},
    {"V", "Visa Inc.", "NYSE", "Financials", 315, 21},
    {"VOO", "Vanguard S&P 500 ETF", "NYSE Arca", "Funds", 550, 16},
    {"VTI", "Vanguard Total Stock Market ETF", "NYSE Arca", "Funds", 295, 17},
    {"VZ", "Verizon Communications Inc.", "NYSE", "Communication Services", 41, 21},
    {"WFC", "Wells Fargo & Company", "NYSE", "Financials", 72, 29},
    {"WM", "Waste Management, Inc.", "NYSE", "Industrials", 215, 19},
    {"WMT", "Walmart Inc.", "NYSE", "Consumer Staples", 92, 20},
    {"XLE", "Energy Select Sector SPDR Fund", "NYSE Arca", "Funds", 90, 25},
    {"XLF", "Financial Select Sector SPDR Fund", "NYSE Arca", "Funds", 50, 19},
    {"XLK", "Technology Select Sector SPDR Fund", "NYSE Arca", "Funds", 235, 24},
    {"XOM", "Exxon Mobil Corporation", "NYSE", "Energy", 110, 26},
};
// clang-format on

size_t universe_entries(const struct universe_entry **out_entries)
{
    *out_entries = entries;
    return COUNT_OF(entries);
}

static int compare(const void *ticker, const void *entry)
{
    return strcmp(ticker, ((const struct universe_entry *)entry)->ticker);
}

// A price that its ticker gives.
static int64_t invent_price(const char *ticker)
{
    uint64_t key = 0;

    for (const char *at = ticker; *at != '\0'; at++)
        key = simulation_word(key, (unsigned char)*at);
    return (LEAST_PRICE + (int64_t)(key % PRICES)) * MICROS_PER_UNIT;
}

struct simulated_symbol
universe_simulate(const char *ticker, const char *sector, int64_t close_micros)
{
    const struct universe_entry *entry =
        bsearch(ticker, entries, COUNT_OF(entries), sizeof *entries, compare);
    struct simulated_symbol symbol = {.volatility_basis_points =
                                          USUAL_VOLATILITY * BASIS_POINTS_OF_PERCENT};

    (void)snprintf(symbol.ticker, sizeof symbol.ticker, "%s", ticker);
    (void)snprintf(symbol.sector, sizeof symbol.sector, "%s", sector == NULL ? "" : sector);
    if (entry != NULL) {
        symbol.price_micros = entry->price * MICROS_PER_UNIT;
        symbol.volatility_basis_points = entry->volatility * (int64_t)BASIS_POINTS_OF_PERCENT;
    } else if (close_micros > 0) {
        symbol.price_micros =
            close_micros < PRICE_MICROS_MAX / 10 ? close_micros : PRICE_MICROS_MAX / 10;
    } else {
        symbol.price_micros = invent_price(ticker);
    }
    return symbol;
}
